--- The output window: the complete output of the statement under the cursor, asked of the server, which alone has it.
local client = require("rdit.client")
local config = require("rdit.config")
local draw = require("rdit.draw")
local pictures = require("rdit.pictures")

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
---@field lines string[] What is shown.
---@field pictures { row: integer, path: string }[] The pictures among it.
---@field drawn rdit.TakeAway[] What takes them away.

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

--- What a picture is, in the words of the hints: "[Figure 640×480: Sales]".
---@param about table What the server knows of the value.
---@return string
local function caption(about)
  local size = about.pixels and (" %d×%d"):format(about.pixels[1], about.pixels[2]) or ""
  local title = about.title and (": " .. about.title) or ""
  return ("[%s%s%s]"):format(about.type or "Picture", size, title)
end

--- The lines of one output. A picture is its caption and the path of its file; what could not be shown is said.
---@param item rdit.OutputItem
---@return string[]
local function item_lines(item)
  local about = item.metadata and item.metadata.rdit or {}
  local is_picture = item.path ~= nil and item.data ~= nil
  local lines = is_picture and { caption(about) .. " " .. item.path } or draw.lines(about.pretty or item.text)
  for _, note in ipairs(about.notes or {}) do
    table.insert(lines, ("(%s)"):format(note))
  end
  return lines
end

local item_groups = { stderr = "RditStopped", error = "RditError" }

---@param results rdit.StatementResult[]
---@param name string
---@return string[] lines
---@return { row: integer, group: string }[] highlights
---@return { row: integer, path: string, width?: integer, height?: integer }[] shown The pictures.
local function render(results, name)
  local lines, highlights, shown = {}, {}, {}
  local function add(line, highlight)
    table.insert(lines, line)
    if highlight then
      table.insert(highlights, { row = #lines - 1, group = highlight })
    end
  end
  for _, result in ipairs(results) do
    add(("%s, %s"):format(name, heading(result)), draw.look(result).group)
    for _, item in ipairs(result.output) do
      if item.path and item.data then
        local pixels = vim.tbl_get(item, "metadata", "rdit", "pixels") or {}
        table.insert(shown, { row = #lines, path = item.path, width = pixels[1], height = pixels[2] })
      end
      for _, line in ipairs(item_lines(item)) do
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
  return lines, highlights, shown
end

local function take_pictures_away()
  for _, take_away in ipairs(view.drawn) do
    pcall(take_away)
  end
  view.drawn = {}
end

---@param shown table[] The pictures, as render() gives them.
local function draw_pictures(shown)
  for _, picture in ipairs(shown) do
    local place = { buf = view.bufnr, win = view.window }
    table.insert(view.drawn, pictures.draw(vim.tbl_extend("error", picture, place)))
  end
end

--- The end of an error says what it is, and the end of what still runs is what is new.
---@param results rdit.StatementResult[]
local function go_to_end(results)
  local last = results[#results]
  local is_meant = last and (last.status == "error" or last.status == "crashed" or last.status == "running")
  if is_meant and vim.api.nvim_get_current_win() ~= view.window then
    vim.api.nvim_win_set_cursor(view.window, { #view.lines, 0 })
  end
end

---@param results rdit.StatementResult[]
local function show(results)
  local lines, highlights, shown = render(results, file_name(vim.uri_from_bufnr(view.source)))
  -- Output that streams is asked for again and again; a picture that is taken away and drawn again flickers.
  if vim.deep_equal(view.lines, lines) then
    return
  end
  view.lines, view.pictures = lines, shown
  take_pictures_away()
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
  draw_pictures(shown)
  go_to_end(results)
end

---@param source integer
---@param line integer
---@return rdit.ResultsParams
local function question(source, line)
  return {
    uri = vim.uri_from_bufnr(source),
    lineRange = { from = line, to = line },
    pictureFiles = true,
  }
end

--- Ask for the output of the source's line. One request at a time: output that streams would pile them up.
local function refresh()
  if view.is_asking then
    view.is_outdated = true
    return
  end
  local asked = view
  view.is_outdated = false
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
  view.is_asking = client.command(view.source, "rdit/results", question(view.source, view.line), answered, failed)
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

--- Open the picture whose caption the cursor of the output window is on.
---@return boolean found
local function open_picture()
  local row = vim.api.nvim_win_get_cursor(0)[1] - 1
  for _, picture in ipairs(view.pictures) do
    if picture.row == row then
      local failure = pictures.open(picture.path)
      if failure then
        client.say(("%s cannot be opened: %s"):format(picture.path, failure), vim.log.levels.ERROR)
      end
      return true
    end
  end
  return false
end

--- Open the picture, or jump to the place of a traceback, that the cursor of the output window is on.
local function jump()
  if open_picture() then
    return
  end
  local file, line = vim.api.nvim_get_current_line():match('File "([^"]+)", line (%d+)')
  if not file or vim.fn.filereadable(file) == 0 then
    client.say("Nothing to open on this line.")
    return
  end
  vim.cmd.wincmd("p")
  vim.cmd.edit(vim.fn.fnameescape(file))
  local last = vim.api.nvim_buf_line_count(0)
  vim.api.nvim_win_set_cursor(0, { math.min(tonumber(line) --[[@as integer]], last), 0 })
end

local function close()
  vim.api.nvim_clear_autocmds({ group = group })
  take_pictures_away()
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
  vim.keymap.set("n", "<cr>", jump, { buffer = bufnr, desc = "Open this picture, or jump to this place" })
  return bufnr
end

---@param source integer
---@param line integer
local function open(source, line)
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
    lines = {},
    pictures = {},
    drawn = {},
  }
  watch()
end

--- Open the window for the current buffer, or close it where it is open.
function M.toggle()
  if view then
    vim.api.nvim_win_close(view.window, true)
    return
  end
  local source = vim.api.nvim_get_current_buf()
  if not client.of(source) then
    client.say("rdit is not attached to this buffer; see :checkhealth rdit.", vim.log.levels.WARN)
    return
  end
  open(source, vim.api.nvim_win_get_cursor(0)[1])
  refresh()
end

--- Milliseconds that a question of the program waits for what it has written before.
local patience_ms = 1000

--- Before the program's question: show what it has written, where that is more than fits beside the line.
---@param source integer
---@param result rdit.StatementResult The statement that asks.
function M.show_before_question(source, result)
  if vim.api.nvim_get_current_buf() ~= source then
    return
  end
  local line = result.lineStart
  local answer = client.command_now(source, "rdit/results", question(source, line), patience_ms)
  local written = 0
  for _, found in ipairs(answer and answer.results or {}) do
    for _, item in ipairs(found.output) do
      written = written + #draw.lines(item.text)
    end
  end
  if not view and written > 1 then
    open(source, line)
  end
  if view and view.source == source then
    view.line = line
    show(answer.results)
    vim.cmd.redraw()
  end
end

return M
