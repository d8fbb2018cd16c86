--- Draws one result: its line of text, its marks. Knows nothing of buffers' other results or of messages.
local config = require("rdit.config")

local M = {}

M.namespace = vim.api.nvim_create_namespace("rdit")

--- A look by the name that the options and |rdit-summary| have for it.
---@alias rdit.LookName "fresh"|"stale"|"out_of_order"|"running"|"error"|"stopped"|"not_run"

--- A look is told by its mark and by its group, so that no one has to see colours. The groups are links that the
--- user's own `:highlight` wins over.
---@type table<rdit.Look, { name: rdit.LookName, group: string, link: string, sign?: string }>
local looks = {
  fresh = { name = "fresh", group = "RditFresh", link = "DiagnosticOk", sign = "RditFreshSign" },
  stale = { name = "stale", group = "RditStale", link = "Comment" },
  outOfOrder = { name = "out_of_order", group = "RditOutOfOrder", link = "DiagnosticHint" },
  running = { name = "running", group = "RditRunning", link = "DiagnosticInfo" },
  error = { name = "error", group = "RditError", link = "DiagnosticError" },
  stopped = { name = "stopped", group = "RditStopped", link = "DiagnosticWarn" },
  notRun = { name = "not_run", group = "RditNotRun", link = "NonText" },
}

--- The colour of fresh results is that of strings in many colour schemes, so they have a background as well, which code
--- has not.
---@return vim.api.keyset.highlight
local function fresh_highlight()
  local found = vim.api.nvim_get_hl(0, { name = looks.fresh.link, link = false })
  local back = vim.api.nvim_get_hl(0, { name = "CursorLine", link = false })
  return {
    fg = found.fg,
    ctermfg = found.ctermfg,
    bg = back.bg,
    ctermbg = back.ctermbg,
    italic = true,
    default = true,
  }
end

--- `:highlight clear`, which colour schemes begin with, takes links away that were not set by `default`.
function M.define_highlights()
  vim.api.nvim_set_hl(0, looks.fresh.sign, { link = looks.fresh.link, default = true })
  vim.api.nvim_set_hl(0, looks.fresh.group, fresh_highlight())
  for _, look in pairs(looks) do
    vim.api.nvim_set_hl(0, look.group, { link = look.link, default = true })
  end
end

--- How to draw a result. A look that only a newer server knows is drawn as stale: it must not pass for fresh.
---@param result rdit.StatementResult
---@return { name: rdit.LookName, group: string, sign?: string }
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

--- The one line of a result, without its mark. One that takes long says for how long.
---@param result rdit.StatementResult
---@param seconds? integer How long it has been running.
---@return string
function M.summary(result, seconds)
  -- A control character would be drawn as ^X, and a line break as ^@.
  local text = (result.summary or ""):gsub("%c+", " ")
  if seconds and seconds >= 2 then
    text = text:gsub("^running", ("running %d s"):format(seconds), 1)
  end
  return text
end

--- The columns that text has in the narrowest window that shows a buffer; nil where none does.
---@param bufnr integer
---@return integer?
function M.width(bufnr)
  local width
  for _, window in ipairs(vim.fn.win_findbuf(bufnr)) do
    local info = vim.fn.getwininfo(window)[1]
    width = math.min(width or math.huge, info.width - info.textoff)
  end
  return width
end

--- Where less is left beside a statement, its line of text stands below it.
local least_room = 20

--- The columns that are left beside a line.
---@param bufnr integer
---@param row integer
---@param width? integer As M.width() gives it.
---@return integer
local function room_beside(bufnr, row, width)
  if not width or width <= 0 then
    return math.huge
  end
  local used = vim.fn.strdisplaywidth(vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or "")
  local window = vim.fn.bufwinid(bufnr)
  if window ~= -1 and vim.wo[window].wrap then
    used = used % width
  end
  return width - used - 1
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

--- The chunks of the line that a result is told in, or nil where nothing is to be said.
---@param result rdit.StatementResult
---@param options rdit.Config
---@param room integer Columns that it may have.
---@param seconds? integer
---@return [string, string][]?
local function told(result, options, room, seconds)
  local look, text = M.look(result), M.summary(result, seconds)
  if look.name == "not_run" or (look.name == "fresh" and text == "") then
    return nil
  end
  local note = remark(result, text)
  local left = math.max(math.min(options.max_width, room - 2) - vim.api.nvim_strwidth(note), least_room)
  local line = vim.trim(options.marks[look.name] .. " " .. M.cut(text, left)) .. note
  return { { M.cut(line, room), look.group } }
end

--- Whether a table or an array is only named in the result's line, by its shape.
---@param item rdit.OutputItem
---@param summary string
---@return boolean
local function is_named_only(item, summary)
  local about = vim.tbl_get(item, "metadata", "rdit") or {}
  return about.shape ~= nil and about.pixels == nil and vim.startswith(summary, about.type or "\0")
end

--- The lines of what a result has put out that are to be shown below it, and how many of them.
---@param result rdit.StatementResult
---@param options rdit.Config
---@return string[] lines
---@return integer limit
local function output_lines(result, options)
  local lines, summary = {}, M.summary(result)
  local limit = options.virtual_lines
  for _, item in ipairs(result.output) do
    if options.virtual_lines > 0 then
      vim.list_extend(lines, M.lines(item.text))
    elseif is_named_only(item, summary) then
      lines, limit = M.lines(item.text), options.table_lines
    end
  end
  return lines, limit
end

--- The lines below the statement, when it has more to show than the one beside it.
---@param result rdit.StatementResult
---@param options rdit.Config
---@param width integer
---@return [string, string][][]
local function below(result, options, width)
  local lines, limit = output_lines(result, options)
  if #lines < 2 or limit < 1 then
    return {}
  end
  local drawn, left_out = {}, math.max(#lines - limit, 0)
  -- Of an error the end says what it is; what comes first may be a library's own code.
  local is_end = result.look == "error"
  for index = is_end and left_out + 1 or 1, is_end and #lines or #lines - left_out do
    table.insert(drawn, "  " .. M.cut(lines[index], math.min(options.max_width, width - 2)))
  end
  if left_out > 0 then
    table.insert(drawn, is_end and 1 or #drawn + 1, ("  … %d more, see :Rdit output"):format(left_out))
  end
  local group = M.look(result).group
  return vim.tbl_map(function(line)
    return { { line, group } }
  end, drawn)
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
---@param board rdit.Board What is known of the buffer.
---@param first integer
---@param last integer
---@param seconds? integer How long it has been running.
---@return rdit.Drawn
function M.result(bufnr, drawn, result, board, first, last, seconds)
  local options, look = config.get(), M.look(result)
  local width = board.width or math.huge
  local room = room_beside(bufnr, last, board.width)
  local lines = below(result, options, width)
  local text = told(result, options, room < least_room and width or room, seconds)
  if text and room < least_room then
    table.insert(lines, 1, text)
    text = nil
  end
  return {
    text = put(bufnr, drawn.text, last, (text or #lines > 0) and {
      virt_text = text,
      virt_text_pos = "eol",
      hl_mode = "combine",
      virt_lines = #lines > 0 and lines or nil,
      -- Statements that share a line are shown in their own order.
      priority = 100 + math.min(math.max(result.nodeIndex, 0), 1000),
    }),
    sign = put(bufnr, drawn.sign, first, options.signs and (board.has_run or look.name ~= "not_run") and {
      sign_text = options.signs[look.name],
      sign_hl_group = look.sign or look.group,
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
