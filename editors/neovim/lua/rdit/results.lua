--- What is drawn in which buffer. Takes the server's notifications in; modules that show more of them listen to the
--- autocommand `User RditResults`, whose data names the buffer.
local config = require("rdit.config")
local draw = require("rdit.draw")

local M = {}

---@class rdit.Entry One result on the screen.
---@field result rdit.StatementResult
---@field drawn rdit.Drawn
---@field since? integer When it was first seen running, in milliseconds.

---@class rdit.Board All of one buffer.
---@field client_id integer
---@field state string
---@field has_run boolean Whether any statement has a result of its own: one that never ran has a sign only then.
---@field width? integer The columns that the narrowest window has for its text; nil where none shows it.
---@field entries table<integer, rdit.Entry> By nodeIndex.

---@type table<integer, rdit.Board>
local boards = {}

--- The file is read anew, or the buffer goes away. `:edit!` keeps extmarks, but to the server it is a new document. Not
--- scheduled: the new document's results may come before what is scheduled here runs.
---@param bufnr integer
local function start_anew(bufnr)
  boards[bufnr].entries, boards[bufnr].has_run = {}, false
  vim.api.nvim_buf_clear_namespace(bufnr, draw.namespace, 0, -1)
end

--- The board of a buffer, made when it is first spoken of.
---@param bufnr integer
---@param client_id integer
---@return rdit.Board
local function board_of(bufnr, client_id)
  if not boards[bufnr] then
    boards[bufnr] = { client_id = client_id, state = "idle", has_run = false, entries = {} }
    vim.api.nvim_buf_attach(bufnr, false, {
      on_reload = function()
        start_anew(bufnr)
      end,
      on_detach = function()
        start_anew(bufnr)
        boards[bufnr] = nil
      end,
    })
  end
  return boards[bufnr]
end

---@param bufnr integer
---@param board rdit.Board
---@param index integer
local function drop(bufnr, board, index)
  draw.remove(bufnr, board.entries[index].drawn)
  board.entries[index] = nil
end

--- The rows to draw a result at. The server's lines are those of the version it speaks of. When the buffer has moved
--- on, the marks of the same statement have moved with it, and are the better answer.
---@param bufnr integer
---@param entry? rdit.Entry
---@param result rdit.StatementResult
---@param is_current boolean
---@return integer first, integer last
local function rows(bufnr, entry, result, is_current)
  local first, last = result.lineStart - 1, (result.markLine or result.lineEnd) - 1
  local before = entry and entry.result
  if before and not is_current and before.lineStart == result.lineStart and before.lineEnd == result.lineEnd then
    local text, sign = draw.row(bufnr, entry.drawn.text), draw.row(bufnr, entry.drawn.sign)
    local height = last - first
    first = sign or text and text - height or first
    last = text or sign and sign + height or last
  end
  local bottom = vim.api.nvim_buf_line_count(bufnr) - 1
  return math.max(0, math.min(first, bottom)), math.max(0, math.min(last, bottom))
end

---@param bufnr integer
---@param board rdit.Board
---@param result rdit.StatementResult
---@param is_current boolean
local function place(bufnr, board, result, is_current)
  local entry = board.entries[result.nodeIndex]
  local first, last = rows(bufnr, entry, result, is_current)
  local since = result.look == "running" and (entry and entry.since or vim.uv.now()) or nil
  local seconds = since and math.floor((vim.uv.now() - since) / 1000)
  board.entries[result.nodeIndex] = {
    result = result,
    drawn = draw.result(bufnr, entry and entry.drawn or {}, result, board, first, last, seconds),
    since = since,
  }
end

--- Draw everything of a buffer again where it is.
---@param bufnr integer
---@param board rdit.Board
local function redraw(bufnr, board)
  for _, entry in pairs(board.entries) do
    place(bufnr, board, entry.result, false)
  end
end

--- Have the statement that runs say for how long, once a second.
local clock = assert(vim.uv.new_timer())

local function tick()
  local runs = false
  for bufnr, board in pairs(boards) do
    for _, entry in pairs(board.entries) do
      if entry.since then
        runs = true
        place(bufnr, board, entry.result, false)
      end
    end
  end
  if not runs then
    clock:stop()
  end
end

local function start_clock()
  if not clock:is_active() then
    clock:start(1000, 1000, vim.schedule_wrap(tick))
  end
end

---@param board rdit.Board
---@return boolean
local function has_run(board)
  for _, entry in pairs(board.entries) do
    if entry.result.status ~= "notRun" then
      return true
    end
  end
  return false
end

--- Statements that are gone: beyond the document's last one, or not in a complete list.
---@param bufnr integer
---@param board rdit.Board
---@param params rdit.DidChangeResultsParams
local function drop_gone(bufnr, board, params)
  local listed = {}
  for _, result in ipairs(params.results) do
    listed[result.nodeIndex] = true
  end
  for index in pairs(board.entries) do
    local is_beyond = params.count and index >= params.count
    if is_beyond or (params.full and not listed[index]) then
      drop(bufnr, board, index)
    end
  end
end

---@param bufnr integer
local function announce(bufnr)
  vim.api.nvim_exec_autocmds("User", { pattern = "RditResults", modeline = false, data = { buf = bufnr } })
  vim.cmd.redrawstatus({ bang = true })
  -- While a prompt waits, as that of the program's own input(), Neovim draws only what it is told to.
  if vim.startswith(vim.api.nvim_get_mode().mode, "c") then
    vim.cmd.redraw()
  end
end

--- Draw what a notification says.
---@param params rdit.DidChangeResultsParams
---@param client_id integer
function M.receive(params, client_id)
  if vim.uri_to_fname(params.uri) == "" then
    return -- A buffer without a name, which no uri leads back to.
  end
  local bufnr = vim.uri_to_bufnr(params.uri)
  -- A notification may be on its way when its buffer is closed.
  if not vim.api.nvim_buf_is_loaded(bufnr) then
    return
  end
  local board = board_of(bufnr, client_id)
  board.state = params.state
  board.width = draw.width(bufnr)
  drop_gone(bufnr, board, params)
  local is_current = not params.version or params.version == vim.lsp.util.buf_versions[bufnr]
  for _, result in ipairs(params.results) do
    place(bufnr, board, result, is_current)
  end
  if params.state == "busy" then
    start_clock()
  end
  if has_run(board) ~= board.has_run then
    board.has_run = not board.has_run
    redraw(bufnr, board)
  end
  announce(bufnr)
end

--- Take everything away that is drawn in a buffer. What the server tells afterwards is drawn again.
---@param bufnr integer
function M.clear(bufnr)
  if boards[bufnr] then
    boards[bufnr].entries, boards[bufnr].has_run = {}, false
    vim.api.nvim_buf_clear_namespace(bufnr, draw.namespace, 0, -1)
    announce(bufnr)
  end
end

--- Forget the results of a server that has ended.
---@param client_id integer
function M.forget_client(client_id)
  for bufnr, board in pairs(boards) do
    if board.client_id == client_id then
      M.clear(bufnr)
      board.state = "dead"
    end
  end
end

--- Cut the text on a line to the room that is beside it now.
---@param bufnr integer
---@param row integer From 0.
function M.refit_line(bufnr, row)
  local board = boards[bufnr]
  local marks = board and vim.api.nvim_buf_get_extmarks(bufnr, draw.namespace, { row, 0 }, { row, -1 }, {}) or {}
  for _, mark in ipairs(marks) do
    for _, entry in pairs(board.entries) do
      if entry.drawn.text == mark[1] then
        place(bufnr, board, entry.result, false)
      end
    end
  end
end

--- Cut all text to a window that has become narrower or wider, by its own size or by what stands left of the text.
---@param bufnr integer
local function refit(bufnr)
  local board, width = boards[bufnr], draw.width(bufnr)
  if board and width and board.width ~= width then
    board.width = width
    vim.schedule(function()
      if boards[bufnr] == board then
        redraw(bufnr, board)
      end
    end)
  end
end

-- At the end of a redraw: what stands left of the text, such as the column of signs, is known only then.
vim.api.nvim_set_decoration_provider(draw.namespace, {
  on_end = function()
    for bufnr in pairs(boards) do
      refit(bufnr)
    end
  end,
})

--- The lines and the output of the statement that runs in a buffer now; nil where none does.
---@param bufnr integer
---@return rdit.StatementResult?
function M.running(bufnr)
  local board = boards[bufnr]
  for _, entry in pairs(board and board.entries or {}) do
    if entry.since then
      return entry.result
    end
  end
end

--- Draw everything again where it is, after a change of the settings.
function M.redraw()
  for bufnr, board in pairs(boards) do
    redraw(bufnr, board)
  end
end

--- Show longer output below its statement, up to `limit` lines; without one, switch between none and ten.
---@param limit? integer
function M.toggle_lines(limit)
  local now = config.get().virtual_lines
  config.set({ virtual_lines = limit or (now == 0 and 10 or 0) })
  M.redraw()
end

---@class rdit.Summary
---@field state string
---@field kinds table<rdit.LookName, integer> How many results there are of each look.
---@field total integer

--- What a statusline can tell of a buffer; nil before the server has said anything.
---@param bufnr integer
---@return rdit.Summary?
function M.summary(bufnr)
  local board = boards[bufnr]
  if not board then
    return nil
  end
  local summary = { state = board.state, kinds = {}, total = 0 }
  for _, entry in pairs(board.entries) do
    local name = draw.look(entry.result).name
    summary.kinds[name] = (summary.kinds[name] or 0) + 1
    summary.total = summary.total + 1
  end
  return summary
end

return M
