"""What one run goes through: plan, reach the state, prepare, run, settle, report.

Read `perform` from top to bottom; each step is one call into the part that knows it. Knows neither the
queue in which runs wait nor their observers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from rdit_lsp.process.spawn import WorkerError
from rdit_lsp.session.planning import statements_in_scope
from rdit_lsp.session.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rdit_lsp.document.document import PlacedStatement
    from rdit_lsp.program.program import Program
    from rdit_lsp.results.outcome import RunStatus
    from rdit_lsp.results.snapshot import View
    from rdit_lsp.session.environment import Environment
    from rdit_lsp.session.execution import Execution
    from rdit_lsp.session.planning import Plan, WayBack
    from rdit_lsp.session.recovery import Recovery
    from rdit_lsp.session.restore import Restorer
    from rdit_lsp.session.run import Run
    from rdit_lsp.session.texts import Texts
    from rdit_lsp.session.transaction import Savepoint, Transactions


class Pipeline:
    """Performs the runs of one document."""

    def __init__(
        self,
        texts: Texts,
        program: Program,
        execution: Execution,
        environment: Environment,
        restorer: Restorer,
        transactions: Transactions,
        recovery: Recovery,
        refresh_dependencies: Callable[[], object],
    ) -> None:
        """`refresh_dependencies` notices what has changed beside the text."""
        self._texts = texts
        self._program = program
        self._execution = execution
        self._environment = environment
        self._restorer = restorer
        self._transactions = transactions
        self._recovery = recovery
        self._refresh_dependencies = refresh_dependencies

    async def perform(self, run: Run) -> Report:
        """Bring a run from its request to its report.

        Raises RequestError where it cannot be taken back although its policy asks for that, WorkerError
        and the errors of `launch` where no interpreter can be had.
        """
        if run.owner is not None:
            await run.owner.wait_until_configured()
        if run.request.scope in ("stale", "toHere"):
            self._environment.begin_with(run.request.env)
            self._refresh_dependencies()
        plan = self._restorer.plan(run)
        if plan.is_kept:
            return self._report_kept(run, plan)
        self._program.begin_run()
        savepoint = await self._transactions.open(run)
        try:
            return await self._carry_out(run, plan, savepoint)
        finally:
            if savepoint is not None:
                self._transactions.close(savepoint)

    async def _carry_out(self, run: Run, plan: Plan, savepoint: Savepoint | None) -> Report:
        plan, environment, rejected = await self._get_ready(run, plan, for_good=savepoint is None)
        if rejected is not None:
            way_back = await self._settle(run, savepoint, "error", environment)
            return Report(run.id, "error", [rejected], way_back or plan.way_back)
        todo, scope = self._todo(run, plan)
        if plan.leaves_live:
            # Not before the source was accepted: where it does not compile, nothing replaces them.
            self._texts.active.await_again(todo)
        status = await self._execution.run(run, todo)
        way_back = await self._settle(run, savepoint, status, environment)
        if plan.checkpoint is not None:
            self._program.expect_restore(plan.checkpoint)
        # After the program was settled: what a recovery runs again replaces results, too.
        self._texts.states.settle_awaited(status)
        views = self._texts.active.scope_views(run.document, run.results, scope)
        return Report(run.id, status, views, way_back or _resumed(plan, todo))

    async def _get_ready(
        self, run: Run, plan: Plan, *, for_good: bool
    ) -> tuple[Plan, Mapping[str, str | None], View | None]:
        """Have a program that is where the plan begins and knows the source.

        Returns the plan as it is then, the environment to be set again, and the view of a rejection.
        """
        for is_last_try in (False, True):
            plan = await self._restorer.reach_start_of(run, plan, for_good=for_good)
            environment = await self._environment.set_for(run, restarted=plan.restart)
            try:
                return plan, environment, await self._execution.prepare(run)
            except WorkerError:
                if is_last_try or run.stop is not None:
                    raise
                # The process that was there has ended, and its exit was not known yet.
                await self._recovery.recover_to(run.document, len(run.document.statements))
                plan = self._restorer.plan(run)
        raise AssertionError("the last try returns or raises")

    def _todo(
        self, run: Run, plan: Plan
    ) -> tuple[Sequence[PlacedStatement], Sequence[PlacedStatement]]:
        """What to run and the scope, now that the interpreter has split the source into statements."""
        scope = statements_in_scope(run.request, run.document)
        if plan.way_back is None or run.request.scope == "file":
            return [p for p in scope if not p.statement.is_broken], scope
        now = run.document.statements
        if all(p.index < len(now) and now[p.index] is p.statement for p in plan.todo):
            return run.document.placed[plan.todo[0].index : plan.todo[-1].index + 1], scope
        # The interpreter sees other statements than the server's own split: take those on the same lines.
        first, last = plan.todo[0].first, plan.todo[-1].last
        return [p for p in run.document.placed if p.last >= first and p.first <= last], scope

    async def _settle(
        self,
        run: Run,
        savepoint: Savepoint | None,
        status: RunStatus,
        environment: Mapping[str, str | None],
    ) -> WayBack | None:
        """Leave the program in the state in which the next run is to find it.

        Returns how the run was taken back, None where it was not.
        """
        way_back = None
        if savepoint is not None:
            way_back = await self._transactions.settle(run, savepoint, status)
        if way_back is not None:
            return way_back
        if self._program.worker is None:
            await self._recovery.recover_after_crash(run)
        elif environment:
            await self._environment.restore(environment)
        return None

    def _report_kept(self, run: Run, plan: Plan) -> Report:
        """The report of a run that had nothing to run: all that it asks for is still valid."""
        views = self._texts.active.scope_views(run.document, run.results, plan.scope)
        worst = next((v.status for v in views if v.status in ("error", "exit")), "ok")
        return Report(run.id, cast("RunStatus", worst), views, plan.way_back)


def _resumed(plan: Plan, todo: Sequence[PlacedStatement]) -> WayBack | None:
    """Where the run resumed, now that it is known which statement was the first."""
    if plan.way_back is None or not todo:
        return plan.way_back
    return replace(plan.way_back, line=todo[0].first)
