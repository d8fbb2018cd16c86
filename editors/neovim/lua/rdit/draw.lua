--- Draws one result: its line of text, its marks. Knows nothing of buffers' other results or of messages.
local config = require("rdit.config")

local M = {}

M.namespace = vim.api.nvim_create_namespace("rdit")

--- A look by the name that the options and |rdit-summary| have for it.
---@alias rdit.LookName "fresh"|"stale"|"out_of_order"|"running"|"error"|"stopped"|"not_run"

--- A look is told by its mark and by its group, so that no one has to see colours. The groups are links that the
--- user's own `:highlight` wins over.
---@type table<rdit.Look, { name: rdit.LookName, group: string, link: string }>
local looks = {
  fresh = { name = "fresh", group = "RditFresh", link = "DiagnosticOk" },
  stale = { name = "stale", group = "RditStale", link = "Comment" },
  outOfOrder = { name = "out_of_order", group = "RditOutOfOrder", link = "DiagnosticHint" },
  running = { name = "running", group = "RditRunning", link = "DiagnosticInfo" },
  error = { name = "error", group = "RditError", link = "DiagnosticError" },
  stopped = { name = "stopped", group = "RditStopped", link = "DiagnosticWarn" },
  notRun = { name = "not_run", group = "RditNotRun", link = "NonText" },
}

--- `:highlight clear`, which colour schemes begin with, takes links away that were not set by `default`.
function M.define_highlights()
  for _, look in pairs(looks) do
    vim.api.nvim_set_hl(0, look.group, { link = look.link, default = true })
  end
end

--- How to draw a result. A look that only a newer server knows is drawn as stale: it must not pass for fresh.
---@param result rdit.StatementResult
---@return { name: rdit.LookName, group: string }
function M.look(result)
  return looks[result.look] or looks.stale
end

--- The lines a terminal would show of `text`: without colours, and after a carriage return what it left behind.
---@param text string
---@return string[]
function M.lines(text)
  local plain = text:gsub("\27%[[0-9;?]*[%a]", ""):gsub("\27%].-\7", ""):gsub("\r\n", "\n")
  local lines = vim.split(plain, "\n", { plain = true })
  if lines[#lines] == "" then
    table.remove(lines)
  end
  for index, line in ipairs(lines) do
    lines[index] = line:gsub("\r+$", ""):match("[^\r]*$")
  end
  return lines
end

--- Cut a line to a number of screen columns, with an ellipsis where something is missing.
---@param text string
---@param width integer
---@return string
function M.cut(text, width)
  if vim.api.nvim_strwidth(text) <= width then
    return text
  end
  local low, high = 0, vim.fn.strchars(text)
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if vim.api.nvim_strwidth(vim.fn.strcharpart(text, 0, middle)) <= width - 1 then
      low = middle
    else
      high = middle - 1
    end
  end
  return vim.fn.strcharpart(text, 0, low) .. "…"
end

--- The one line of a result, without its mark.
---@param result rdit.StatementResult
---@return string
function M.summary(result)
  -- A control character would be drawn as ^X, and a line break as ^@.
  return ((result.summary or ""):gsub("%c+", " "))
end

--- What the mark says, in words: why it is stale, or that it has not just run.
---@param result rdit.StatementResult
---@param text string
---@return string
local function remark(result, text)
  if result.look == "outOfOrder" then
    return " (out of order)"
  elseif result.stale and result.isCause then
    return (" (stale: %s)"):format(result.staleReason)
  elseif result.look == "fresh" and result.reused and text ~= "" then
    return " (reused)"
  end
  return ""
end

--- The chunks beside the statement's last line, or nil where nothing is to be said.
---@param result rdit.StatementResult
---@param options rdit.Config
---@return [string, string][]?
local function beside(result, options)
  local look, text = M.look(result), M.summary(result)
  if look.name == "not_run" or (look.name == "fresh" and text == "") then
    return nil
  end
  local note = remark(result, text)
  local room = math.max(options.max_width - vim.api.nvim_strwidth(note), 20)
  local line = vim.trim(options.marks[look.name] .. " " .. M.cut(text, room))
  return { { line .. note, look.group } }
end

--- The lines below the statement, when it has more to show than the one beside it.
---@param result rdit.StatementResult
---@param options rdit.Config
---@return [string, string][][]?
local function below(result, options)
  if options.virtual_lines < 1 then
    return nil
  end
  local lines = {}
  for _, item in ipairs(result.output) do
    vim.list_extend(lines, M.lines(item.text))
  end
  if #lines < 2 then
    return nil
  end
  local group, drawn = M.look(result).group, {}
  for index = 1, math.min(#lines, options.virtual_lines) do
    drawn[index] = { { "  " .. M.cut(lines[index], options.max_width), group } }
  end
  if #lines > options.virtual_lines then
    table.insert(drawn, { { ("  … %d more, see :Rdit output"):format(#lines - options.virtual_lines), group } })
  end
  return drawn
end

---@class rdit.Drawn The extmarks of one result.
---@field text? integer
---@field sign? integer

---@param bufnr integer
---@param id? integer
---@param row integer From 0.
---@param details? vim.api.keyset.set_extmark nil: the mark goes.
---@return integer?
local function put(bufnr, id, row, details)
  if details then
    details.id = id
    -- The mark spans its line, so that it disappears with the line and comes back by undo.
    details.end_row, details.end_col = row, #vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1]
    details.invalidate = details.end_col > 0
    return vim.api.nvim_buf_set_extmark(bufnr, M.namespace, row, 0, details)
  end
  if id then
    vim.api.nvim_buf_del_extmark(bufnr, M.namespace, id)
  end
end

--- Above the diagnostics of its own error, which say less and have 10, or up to 13 where they are sorted by
--- severity; elsewhere below those, which then are other servers'.
---@param result rdit.StatementResult
---@return integer
local function sign_priority(result)
  return (result.status == "error" or result.status == "crashed") and 14 or 9
end

--- Draw a result at rows (from 0) of its first and last line, in place of what `drawn` was.
---@param bufnr integer
---@param drawn rdit.Drawn
---@param result rdit.StatementResult
---@param has_run boolean Whether the document has results: one that never ran shows no signs that it did not.
---@param first integer
---@param last integer
---@return rdit.Drawn
function M.result(bufnr, drawn, result, has_run, first, last)
  local options = config.get()
  local look = M.look(result)
  local text, lines = beside(result, options), below(result, options)
  return {
    text = put(bufnr, drawn.text, last, (text or lines) and {
      virt_text = text,
      virt_text_pos = "eol",
      hl_mode = "combine",
      virt_lines = lines,
      -- Statements that share a line are shown in their own order.
      priority = 100 + math.min(math.max(result.nodeIndex, 0), 1000),
    }),
    sign = put(bufnr, drawn.sign, first, options.signs and (has_run or look.name ~= "not_run") and {
      sign_text = options.signs[look.name],
      sign_hl_group = look.group,
      priority = sign_priority(result),
    } or nil),
  }
end

---@param bufnr integer
---@param drawn rdit.Drawn
function M.remove(bufnr, drawn)
  for _, id in pairs(drawn) do
    vim.api.nvim_buf_del_extmark(bufnr, M.namespace, id)
  end
end

--- The row where a mark is now, after the edits since it was drawn; nil when its line is gone.
---@param bufnr integer
---@param id? integer
---@return integer?
function M.row(bufnr, id)
  local mark = id and vim.api.nvim_buf_get_extmark_by_id(bufnr, M.namespace, id, { details = true })
  if mark and mark[1] and not mark[3].invalid then
    return mark[1]
  end
end

return M
