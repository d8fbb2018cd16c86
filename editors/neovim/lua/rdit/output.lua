--- The output window: the complete output of the statement under the cursor, asked of the server, which alone has it.
local client = require("rdit.client")
local config = require("rdit.config")
local draw = require("rdit.draw")

local M = {}

local namespace = vim.api.nvim_create_namespace("rdit.output")
local group = vim.api.nvim_create_augroup("rdit.output", {})

---@class rdit.View
---@field bufnr integer The window's own buffer.
---@field window integer
---@field source integer The buffer whose output is shown.
---@field line? integer The source's line that was asked for last.
---@field is_asking boolean A request is under way.
---@field is_outdated boolean Something changed while it was.

---@type rdit.View?
local view

---@param text string
---@return string
local function file_name(text)
  return vim.fs.basename(vim.uri_to_fname(text))
end

--- "lines 3–5: ok, 12 ms".
---@param result rdit.StatementResult
---@return string
local function heading(result)
  local lines = result.lineStart == result.lineEnd and ("line %d"):format(result.lineStart)
    or ("lines %d–%d"):format(result.lineStart, result.lineEnd)
  local parts = { result.status }
  if result.durationMs then
    table.insert(parts, ("%.4g ms"):format(result.durationMs))
  end
  if result.stale then
    table.insert(parts, "stale" .. (result.staleReason and (": " .. result.staleReason) or ""))
  end
  return ("%s: %s"):format(lines, table.concat(parts, ", "))
end

--- What cannot be shown as text is named, so that no one thinks there was nothing.
---@param item rdit.OutputItem
---@return string[]
local function pictures(item)
  local named = {}
  for mime in pairs(item.data or {}) do
    if vim.startswith(mime, "image/") then
      table.insert(named, ("[%s]"):format(mime))
    end
  end
  table.sort(named)
  return named
end

local item_groups = { stderr = "RditStopped", error = "RditError" }

---@param results rdit.StatementResult[]
---@param name string
---@return string[] lines
---@return { row: integer, group: string }[] highlights
local function render(results, name)
  local lines, highlights = {}, {}
  local function add(line, highlight)
    table.insert(lines, line)
    if highlight then
      table.insert(highlights, { row = #lines - 1, group = highlight })
    end
  end
  for _, result in ipairs(results) do
    add(("%s, %s"):format(name, heading(result)), draw.kinds[draw.kind(result)].group)
    for _, item in ipairs(result.output) do
      for _, line in ipairs(vim.list_extend(draw.lines(item.text), pictures(item))) do
        add(line, item_groups[item.type])
      end
    end
    if result.note then
      add(result.note, "RditStopped")
    end
  end
  if #lines == 0 then
    add(("%s: no statement here"):format(name), "RditNotRun")
  end
  return lines, highlights
end

---@param results rdit.StatementResult[]
local function show(results)
  local lines, highlights = render(results, file_name(vim.uri_from_bufnr(view.source)))
  vim.bo[view.bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(view.bufnr, 0, -1, false, lines)
  vim.bo[view.bufnr].modifiable = false
  vim.api.nvim_buf_clear_namespace(view.bufnr, namespace, 0, -1)
  for _, highlight in ipairs(highlights) do
    vim.api.nvim_buf_set_extmark(view.bufnr, namespace, highlight.row, 0, {
      end_row = highlight.row + 1,
      hl_group = highlight.group,
      hl_eol = true,
    })
  end
end

--- Ask for the output of the source's line. One request at a time: output that streams would pile them up.
local function refresh()
  if view.is_asking then
    view.is_outdated = true
    return
  end
  local asked = view
  view.is_outdated = false
  local argument = {
    uri = vim.uri_from_bufnr(view.source),
    lineRange = { from = view.line, to = view.line },
  }
  local function answered(answer)
    asked.is_asking = false
    if view ~= asked then
      return
    end
    show(answer.results)
    if view.is_outdated then
      refresh()
    end
  end
  local function failed()
    asked.is_asking = false
  end
  view.is_asking = client.command(view.source, "rdit/results", argument, answered, failed)
end

--- Turn to the line under the cursor of a buffer that rdit serves.
---@param bufnr integer
local function follow(bufnr)
  if bufnr == view.bufnr or not client.of(bufnr) then
    return
  end
  local line = vim.api.nvim_win_get_cursor(0)[1]
  if view.source ~= bufnr or view.line ~= line then
    view.source, view.line = bufnr, line
    refresh()
  end
end

--- Jump to the place of a traceback that the cursor of the output window is on.
local function jump()
  local file, line = vim.api.nvim_get_current_line():match('File "([^"]+)", line (%d+)')
  if not file or vim.fn.filereadable(file) == 0 then
    client.say("There is no place in a file on this line.")
    return
  end
  vim.cmd.wincmd("p")
  vim.cmd.edit(vim.fn.fnameescape(file))
  local last = vim.api.nvim_buf_line_count(0)
  vim.api.nvim_win_set_cursor(0, { math.min(tonumber(line) --[[@as integer]], last), 0 })
end

local function close()
  vim.api.nvim_clear_autocmds({ group = group })
  view = nil
end

local function watch()
  vim.api.nvim_create_autocmd({ "CursorMoved", "CursorMovedI", "BufEnter" }, {
    group = group,
    callback = function(event)
      follow(event.buf)
    end,
  })
  vim.api.nvim_create_autocmd("User", {
    group = group,
    pattern = "RditResults",
    callback = function(event)
      if event.data.buf == view.source then
        refresh()
      end
    end,
  })
  vim.api.nvim_create_autocmd("BufWipeout", { group = group, buffer = view.bufnr, callback = close })
end

---@return integer
local function make_buffer()
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(bufnr, "rdit://output")
  vim.bo[bufnr].bufhidden = "wipe"
  vim.bo[bufnr].filetype = "rdit-output"
  vim.keymap.set("n", "q", "<cmd>close<cr>", { buffer = bufnr, desc = "Close the output of rdit" })
  vim.keymap.set("n", "<cr>", jump, { buffer = bufnr, desc = "Jump to this place of the traceback" })
  return bufnr
end

--- Open the window for the current buffer, or close it where it is open.
function M.toggle()
  if view then
    vim.api.nvim_win_close(view.window, true)
    return
  end
  local source = vim.api.nvim_get_current_buf()
  local line = vim.api.nvim_win_get_cursor(0)[1]
  if not client.of(source) then
    client.say("rdit is not attached to this buffer; see :checkhealth rdit.", vim.log.levels.WARN)
    return
  end
  local bufnr = make_buffer()
  local window = vim.api.nvim_open_win(bufnr, false, {
    split = "below",
    win = -1,
    height = config.get().output_height,
    style = "minimal",
  })
  view = {
    bufnr = bufnr,
    window = window,
    source = source,
    line = line,
    is_asking = false,
    is_outdated = false,
  }
  watch()
  refresh()
end

return M
