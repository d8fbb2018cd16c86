--- :Rdit and its subcommands. Each one is a call of another module; nothing is decided here but ranges and lines.
local client = require("rdit.client")
local readiness = require("rdit.readiness")

local M = {}

---@class rdit.Invocation
---@field bufnr integer
---@field range? rdit.LineRange The lines given to the command.
---@field bang boolean
---@field rest string What follows the subcommand.
---@field line? integer The line of the cursor then, where the command has waited for the server.

---@class rdit.Subcommand
---@field help string One sentence, for the help file's table and for completion.
---@field run fun(invocation: rdit.Invocation)
---@field is_local? boolean It needs no server.
---@field complete? fun(typed: string): string[] What the rest of the line may become.

--- The place that is meant: the first line given, or the cursor.
---@param invocation rdit.Invocation
---@return rdit.Position
local function position_of(invocation)
  local line = invocation.range and invocation.range.from or invocation.line
  return client.position(invocation.bufnr, line)
end

--- Run something that is found by a position.
---@param scope rdit.Scope
local function at_position(scope)
  return function(invocation)
    client.execute(invocation.bufnr, { scope = scope, position = position_of(invocation) })
  end
end

---@param invocation rdit.Invocation
local function run_selection(invocation)
  local range = invocation.range
  if not range then
    local from, to = vim.fn.line("'<"), vim.fn.line("'>")
    if from == 0 then
      client.say("Select lines first, or give a range.", vim.log.levels.WARN)
      return
    end
    range = { from = from, to = to }
  end
  client.execute(invocation.bufnr, { scope = "range", lineRange = range })
end

---@param invocation rdit.Invocation
local function run_stale(invocation)
  client.execute(invocation.bufnr, { scope = "stale" })
end

---@param invocation rdit.Invocation
local function run(invocation)
  if invocation.range then
    run_selection(invocation)
  else
    run_stale(invocation)
  end
end

--- What is said of a run that was taken back.
---@param policy rdit.TransactionPolicy
---@param status rdit.RunStatus
---@return string
local function taken_back(policy, status)
  if policy == "rollback_always" and status == "ok" then
    return "Dry run succeeded; its effects were undone."
  end
  local what = policy == "rollback_always" and "Dry run" or "The run"
  return ("%s ended early (%s); its effects were undone."):format(what, status)
end

--- Run the lines given, or the file, as something that may be taken back; say so where it was.
---@param policy rdit.TransactionPolicy
local function transact(policy)
  return function(invocation)
    local range = invocation.range
    local params = { scope = range and "range" or "file", lineRange = range, transactionPolicy = policy }
    client.execute(invocation.bufnr, params, function(answer)
      local is_meant = policy == "rollback_always" or answer.status ~= "ok"
      -- A run that never began has nothing to be taken back.
      if is_meant and answer.status ~= "cancelled" then
        client.say(taken_back(policy, answer.status))
      end
    end)
  end
end

---@param bufnr integer
---@return rdit.DocumentParams
local function document(bufnr)
  return { uri = vim.uri_from_bufnr(bufnr) }
end

--- The statement that is meant: at the first line given, or at the cursor.
---@param invocation rdit.Invocation
---@return rdit.PlaceParams
local function place(invocation)
  return { uri = vim.uri_from_bufnr(invocation.bufnr), position = position_of(invocation) }
end

---@param session rdit.SessionStatus
---@return string
local function session_sentence(session)
  local python = session.python or "no interpreter yet"
  local name = vim.fs.basename(vim.uri_to_fname(session.uri))
  local version = session.pythonVersion and ("Python " .. session.pythonVersion .. ", ") or ""
  local process = session.pid and (", process " .. session.pid) or ""
  local kept = require("rdit.checkpoints").summary(session.checkpoints)
  local sentence = ("%s: %s, %s%s%s"):format(name, session.state, version, python, process)
  return kept == "" and sentence or ("%s\n%s"):format(sentence, kept)
end

---@param invocation rdit.Invocation
local function status(invocation)
  client.command(invocation.bufnr, "rdit/status", document(invocation.bufnr), function(answer)
    local sentences = vim.tbl_map(session_sentence, answer.sessions)
    client.say(#sentences > 0 and table.concat(sentences, "\n") or "rdit runs nothing for this document yet.")
  end)
end

---@param invocation rdit.Invocation
local function variables(invocation)
  client.command(invocation.bufnr, "rdit/variables", document(invocation.bufnr), function(answer)
    local lines = vim.tbl_map(function(variable)
      local value = variable.summary:gsub("%c+", " ")
      return ("%s: %s%s"):format(variable.name, variable.type, value == "" and "" or " = " .. value)
    end, answer.variables)
    if #lines == 0 then
      client.say("There are no variables yet.")
      return
    end
    if answer.origin and answer.origin ~= "now" then
      table.insert(lines, 1, ("Variables %s:"):format(answer.origin))
    end
    if (answer.omitted or 0) > 0 then
      table.insert(lines, ("… %d more"):format(answer.omitted))
    end
    vim.lsp.util.open_floating_preview(lines, "", { border = "rounded", focus_id = "rdit.variables" })
  end)
end

---@type table<string, rdit.Subcommand>
M.subcommands = {
  run = { help = "Bring every result up to date; with a range, run those lines.", run = run },
  file = {
    help = "Run the whole file in an empty namespace; with !, in the present one.",
    run = function(invocation)
      client.execute(invocation.bufnr, { scope = "file", fresh = not invocation.bang })
    end,
  },
  stale = { help = "Bring every result up to date, running as little as that takes.", run = run_stale },
  here = { help = "Update results up to this line.", run = at_position("toHere") },
  statement = { help = "Run this statement now, in the present namespace.", run = at_position("statement") },
  cell = { help = "Run this `# %%` cell now.", run = at_position("cell") },
  selection = { help = "Run the selected lines now.", run = run_selection },
  below = { help = "Run from this statement to the end now.", run = at_position("fromHere") },
  dryrun = { help = "Run the file, or a range, and undo its effects.", run = transact("rollback_always") },
  try = {
    help = "Run the file, or a range, and undo its effects if it fails.",
    run = transact("commit_on_success"),
  },
  checkpoint = {
    help = "Keep a checkpoint of the variables, under the name given.",
    run = function(invocation)
      require("rdit.checkpoints").keep(invocation.bufnr, invocation.rest ~= "" and invocation.rest or nil)
    end,
  },
  restore = {
    help = "Restore the variables from a checkpoint (id or name); without one, pick from a list.",
    run = function(invocation)
      require("rdit.checkpoints").restore(invocation.bufnr, invocation.rest ~= "" and invocation.rest or nil)
    end,
    complete = function(typed)
      return require("rdit.checkpoints").complete(vim.api.nvim_get_current_buf(), typed)
    end,
  },
  checkpoints = {
    help = "Show all checkpoints of the document's program.",
    run = function(invocation)
      require("rdit.checkpoints").show(invocation.bufnr)
    end,
  },
  interrupt = {
    help = "Interrupt what is running.",
    run = function(invocation)
      client.command(invocation.bufnr, "rdit/interrupt", document(invocation.bufnr), function(answer)
        if not answer.interrupted then
          client.say("Nothing is running.")
        end
      end)
    end,
  },
  reset = {
    help = "Forget all results and start with an empty namespace.",
    run = function(invocation)
      client.command(invocation.bufnr, "rdit/reset", document(invocation.bufnr), function()
        client.say("All results and variables are gone.")
      end)
    end,
  },
  status = { help = "Show the document's interpreter, process and state.", run = status },
  variables = { help = "Show the variables of the document's program.", run = variables },
  eval = {
    help = "Evaluate an expression, or the selected text, in a copy of the program.",
    run = function(invocation)
      require("rdit.evaluation").evaluate(invocation.bufnr, invocation.rest, invocation.range)
    end,
  },
  export = {
    help = "Write the document with its results: html, ipynb, md or py, or to the path given.",
    run = function(invocation)
      require("rdit.conversion").export(invocation.bufnr, invocation.rest)
    end,
    complete = function(typed)
      return vim.tbl_filter(function(format)
        return vim.startswith(format, typed)
      end, require("rdit.conversion").formats)
    end,
  },
  import = {
    is_local = true,
    help = "Write a notebook as a script beside it, and edit that.",
    run = function(invocation)
      require("rdit.conversion").import(invocation.rest)
    end,
    complete = function(typed)
      return vim.fn.getcompletion(typed, "file")
    end,
  },
  output = {
    help = "Open or close the window with the complete output of the line under the cursor.",
    run = function()
      require("rdit.output").toggle()
    end,
  },
  picture = {
    help = "Open the pictures of this statement with the system's program for them.",
    run = function(invocation)
      require("rdit.result_actions").open(invocation.bufnr, place(invocation))
    end,
  },
  copy = {
    help = "Copy this statement's result to the clipboard or to the register given.",
    run = function(invocation)
      local register = invocation.rest ~= "" and invocation.rest or nil
      if register and not register:match('^[%w"+*_/-]$') then
        client.say(("There is no register %q."):format(register), vim.log.levels.ERROR)
        return
      end
      require("rdit.result_actions").copy(invocation.bufnr, place(invocation), register)
    end,
  },
  lines = {
    is_local = true,
    help = "Show or hide longer output below its statement; a number limits the lines.",
    run = function(invocation)
      local limit = tonumber(invocation.rest)
      if invocation.rest ~= "" and not limit then
        client.say(("%q is no number of lines."):format(invocation.rest), vim.log.levels.ERROR)
        return
      end
      require("rdit.results").toggle_lines(limit)
    end,
  },
  clear = {
    is_local = true,
    help = "Remove what is drawn, until it changes.",
    run = function(invocation)
      require("rdit.results").clear(invocation.bufnr)
    end,
  },
  log = {
    is_local = true,
    help = "Open the log of Neovim's language clients, where the server's own messages are, too.",
    run = function()
      vim.cmd.tabedit(vim.fn.fnameescape(require("vim.lsp.log").get_filename()))
    end,
  },
}

---@return string[]
local function names()
  local found = vim.tbl_keys(M.subcommands)
  table.sort(found)
  return found
end

--- The callback of :Rdit. Without a subcommand it is `:Rdit run`.
---@param options vim.api.keyset.create_user_command.command_args
function M.dispatch(options)
  local name, rest = options.args:match("^%s*(%S*)%s*(.-)%s*$")
  name = name == "" and "run" or name
  local subcommand = M.subcommands[name]
  if not subcommand then
    client.say(("rdit has no %q; it has: %s."):format(name, table.concat(names(), ", ")), vim.log.levels.ERROR)
    return
  end
  ---@type rdit.Invocation
  local invocation = {
    bufnr = vim.api.nvim_get_current_buf(),
    range = options.range > 0 and { from = options.line1, to = options.line2 } or nil,
    bang = options.bang,
    rest = rest,
  }
  if subcommand.is_local then
    subcommand.run(invocation)
    return
  end
  local line, is_late = vim.fn.line("."), false
  readiness.when_served(invocation.bufnr, function()
    invocation.line = is_late and line or nil
    subcommand.run(invocation)
  end)
  is_late = true
end

--- What follows a subcommand. A name may have spaces, and Neovim replaces the last word only.
---@param subcommand? rdit.Subcommand
---@param lead string
---@param typed string
---@return string[]
local function complete_rest(subcommand, lead, typed)
  if not subcommand or not subcommand.complete then
    return {}
  end
  return vim.tbl_map(function(whole)
    return whole:sub(#typed - #lead + 1)
  end, subcommand.complete(typed))
end

--- Complete the name of a subcommand, and what follows it.
---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local name, rest = line:match("Rdit!?%s+(%S+)%s+(.*)$")
  if name then
    return complete_rest(M.subcommands[name], lead, rest)
  end
  return vim.tbl_filter(function(candidate)
    return vim.startswith(candidate, lead)
  end, names())
end

return M
