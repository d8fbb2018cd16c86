--- The types of rdit's own messages, as docs/protocol.md of the server defines them, and their decoding.
--- Lines are 1-based and inclusive, as Python prints them.
local M = {}

---@class rdit.Position A position as LSP counts: from 0, characters in the client's encoding.
---@field line integer
---@field character integer

---@class rdit.LineRange
---@field from integer
---@field to integer

---@alias rdit.Scope "file"|"stale"|"toHere"|"statement"|"range"|"cell"|"fromHere"

---@class rdit.ExecuteParams
---@field uri string
---@field version? integer
---@field scope? rdit.Scope
---@field fresh? boolean
---@field lineRange? rdit.LineRange
---@field position? rdit.Position
---@field transactionPolicy? "commit_always"|"commit_on_success"|"rollback_always"

---@class rdit.ExecuteResult
---@field executionId string
---@field status "ok"|"error"|"interrupted"|"timeout"|"exit"|"crashed"|"cancelled"
---@field results rdit.StatementResult[]
---@field wayBack? rdit.WayBack

---@class rdit.WayBack
---@field kind "live"|"kept"|"checkpoint"|"start"
---@field lineStart? integer The first line that ran.

---@class rdit.OutputItem
---@field type "stdout"|"stderr"|"result"|"display"|"error"
---@field text string
---@field data? table<string, any> By MIME type, of results and displays.
---@field name? string The exception's class, of errors.
---@field value? string The exception's message, of errors.
---@field metadata? table<string, any> By MIME type; under `rdit` what the server knows of the value.
---@field path? string A file: of a picture, or of all of a long stream.

---@alias rdit.Status "ok"|"error"|"interrupted"|"timeout"|"exit"|"crashed"|"notRun"|"running"

---@class rdit.StatementResult
---@field nodeIndex integer -1 for a file that does not compile.
---@field lineStart integer
---@field lineEnd integer
---@field isExpr boolean
---@field status rdit.Status
---@field isInvisible boolean
---@field durationMs? number
---@field exitCode? integer
---@field reused? boolean
---@field stale? boolean
---@field staleReason? string
---@field note? string A sentence of rdit's own about it.
---@field summary? string One short line, ready to draw.
---@field output rdit.OutputItem[]

---@class rdit.DidChangeResultsParams
---@field uri string
---@field version? integer
---@field state string
---@field results rdit.StatementResult[]
---@field count? integer The number of statements now; a result at or beyond it is gone.
---@field full? boolean `results` is the complete list.

---@class rdit.InputParams
---@field uri string
---@field prompt string
---@field password boolean

---@class rdit.SessionStatus
---@field uri string
---@field state "idle"|"busy"|"starting"|"dead"
---@field python? string|string[]
---@field pythonVersion? string
---@field pid? integer
---@field queued integer|table
---@field checkpoints? rdit.KeptCheckpoints

---@class rdit.KeptCheckpoints
---@field count integer
---@field memory integer In bytes.
---@field refused? { lineEnd: integer, reason: string } Why the last one asked for could not be had.

---@class rdit.Checkpoint
---@field checkpointId string
---@field kind "process"|"rerun"
---@field name? string Of one made by hand.
---@field automatic boolean
---@field time string ISO 8601, UTC.
---@field lineEnd integer The last line that had run.
---@field workMs number
---@field memory? integer Bytes that it alone holds.
---@field reason? string Why there is no process.

--- Neovim decodes null to nil in some messages and to vim.NIL, which is true, in others. Absent is what both mean.
---@generic T
---@param value T
---@return T
function M.without_nulls(value)
  if value == vim.NIL then
    return nil
  elseif type(value) ~= "table" then
    return value
  end
  return vim.tbl_map(M.without_nulls, value)
end

return M
