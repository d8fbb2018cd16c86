--- How one result looks: its kind, its line of text, its marks. Knows nothing of buffers' other results or of messages.
local config = require("rdit.config")

local M = {}

M.namespace = vim.api.nvim_create_namespace("rdit")

---@alias rdit.Kind "fresh"|"stale"|"running"|"error"|"stopped"|"not_run"

--- A kind is told by its mark and by its group, so that no one has to see colours. The groups are links that the
--- user's own `:highlight` wins over.
---@type table<rdit.Kind, { group: string, link: string }>
M.kinds = {
  fresh = { group = "RditFresh", link = "DiagnosticOk" },
  stale = { group = "RditStale", link = "Comment" },
  running = { group = "RditRunning", link = "DiagnosticInfo" },
  error = { group = "RditError", link = "DiagnosticError" },
  stopped = { group = "RditStopped", link = "DiagnosticWarn" },
  not_run = { group = "RditNotRun", link = "NonText" },
}

--- `:highlight clear`, which colour schemes begin with, takes links away that were not set by `default`.
function M.define_highlights()
  for _, kind in pairs(M.kinds) do
    vim.api.nvim_set_hl(0, kind.group, { link = kind.link, default = true })
  end
end

---@param result rdit.StatementResult
---@return rdit.Kind
function M.kind(result)
  if result.status == "running" then
    return "running"
  elseif result.status == "notRun" then
    return "not_run"
  elseif result.stale then
    return "stale"
  elseif result.status == "error" or result.status == "crashed" then
    return "error"
  elseif result.status == "ok" then
    return "fresh"
  end
  return "stopped"
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

--- What to say of a result that has no output of its own.
local silent = { interrupted = "interrupted", timeout = "timed out", crashed = "crashed", exit = "exited" }

---@param result rdit.StatementResult
---@return string
local function first_line(result)
  for _, item in ipairs(result.output) do
    if item.type == "error" then
      return item.value ~= "" and ("%s: %s"):format(item.name, item.value) or item.name
    end
  end
  for _, item in ipairs(result.output) do
    for _, line in ipairs(M.lines(item.text)) do
      if vim.trim(line) ~= "" then
        return vim.trim(line)
      end
    end
  end
  return silent[result.status] or ""
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
  local text = result.summary or result.note or first_line(result)
  -- A control character would be drawn as ^X, and a line break as ^@.
  return (text:gsub("%c+", " "))
end

--- What the mark says, in words: why it is stale, or that it has not just run.
---@param result rdit.StatementResult
---@param text string
---@return string
local function remark(result, text)
  if M.kind(result) == "stale" and result.staleReason then
    return (" (stale: %s)"):format(result.staleReason)
  elseif M.kind(result) == "fresh" and result.reused and text ~= "" then
    return " (reused)"
  end
  return ""
end

--- The chunks beside the statement's last line, or nil where nothing is to be said.
---@param result rdit.StatementResult
---@param options rdit.Config
---@return [string, string][]?
local function beside(result, options)
  local kind, text = M.kind(result), M.summary(result)
  if kind == "not_run" or (kind == "fresh" and text == "") then
    return nil
  end
  local note = remark(result, text)
  local room = math.max(options.max_width - vim.api.nvim_strwidth(note), 20)
  local line = vim.trim(options.marks[kind] .. " " .. M.cut(text, room))
  return { { line .. note, M.kinds[kind].group } }
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
  local group, drawn = M.kinds[M.kind(result)].group, {}
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
  local kind = M.kind(result)
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
    sign = put(bufnr, drawn.sign, first, options.signs and (has_run or kind ~= "not_run") and {
      sign_text = options.signs[kind],
      sign_hl_group = M.kinds[kind].group,
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
