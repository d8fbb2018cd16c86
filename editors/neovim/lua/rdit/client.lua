--- The language client: its configuration, and requests to it in the way each Neovim wants them.
--- Knows nothing of how results look.
local config = require("rdit.config")

local M = {}

M.name = "rdit"

-- Clients became objects with methods in 0.11; before, their functions took no self.
local has_methods = vim.fn.has("nvim-0.11") == 1

--- Neovim decodes null to nil in some messages and to vim.NIL, which is true, in others. Absent is what both mean.
---@generic T
---@param value T
---@return T
local function without_nulls(value)
  if value == vim.NIL then
    return nil
  elseif type(value) ~= "table" then
    return value
  end
  return vim.tbl_map(without_nulls, value)
end

--- Neovim has no option to keep inlay hints of one client off, and its LspAttach is too early a place for users who
--- switch all hints on. A client that does not offer them is left alone by every caller.
---@param client vim.lsp.Client
local function hide_inlay_hints(client)
  client.server_capabilities.inlayHintProvider = nil
end

--- Neovim marks old hints as drawn when it redraws before the reply to a refresh arrives (0.11 and newer), or never
--- draws them again while the text is the same (0.10). Switching the hints on anew forgets what was drawn.
local function refresh_inlay_hints(_, _, context)
  local client = assert(vim.lsp.get_client_by_id(context.client_id))
  for bufnr in pairs(client.attached_buffers) do
    if vim.lsp.inlay_hint.is_enabled({ bufnr = bufnr }) then
      vim.lsp.inlay_hint.enable(true, { bufnr = bufnr })
    end
  end
  return vim.NIL
end

---@return vim.lsp.ClientConfig
function M.config()
  local options, settings = config.get(), config.server_settings()
  return {
    name = M.name,
    cmd = options.cmd,
    filetypes = { "python" },
    root_markers = { "pyproject.toml", ".venv", ".git" },
    init_options = {
      rdit = vim.tbl_extend("force", settings, {
        resultNotifications = options.draw,
        input = true,
        clipboard = true,
      }),
    },
    settings = { rdit = settings },
    handlers = {
      ["rdit/didChangeResults"] = function(_, params, context)
        require("rdit.results").receive(without_nulls(params), context.client_id)
      end,
      ["rdit/input"] = function(_, params)
        return require("rdit.input").ask(without_nulls(params))
      end,
      ["workspace/inlayHint/refresh"] = not options.draw and refresh_inlay_hints or nil,
    },
    -- Code actions of the server's end here, as the subcommands of the same purpose do.
    commands = {
      ["rdit/copyResult"] = function(command, context)
        require("rdit.result_actions").copy(context.bufnr, command.arguments[1])
      end,
      ["rdit/openPicture"] = function(command, context)
        require("rdit.result_actions").open(context.bufnr, command.arguments[1])
      end,
    },
    on_init = function(client)
      if options.draw then
        hide_inlay_hints(client)
        -- Diagnostics say once more what is drawn, where the user has their text beside the lines.
        vim.diagnostic.config({ virtual_text = false }, vim.lsp.diagnostic.get_namespace(client.id))
      end
    end,
    on_exit = function(_, _, client_id)
      -- Results beside the code without a server behind them would claim what nothing keeps true.
      vim.schedule(function()
        require("rdit.results").forget_client(client_id)
        require("rdit.readiness").ended()
      end)
    end,
  }
end

--- The command that starts the server. What the user set by vim.lsp.config wins over our own options.
---@return string[]
function M.server_command()
  local merged = vim.lsp.config and vim.lsp.config[M.name]
  local cmd = merged and merged.cmd
  return type(cmd) == "table" and cmd or config.get().cmd
end

--- Start the server for every Python buffer, open ones included.
function M.start()
  if vim.lsp.enable then
    vim.lsp.enable(M.name)
    return
  end
  -- 0.10 itself takes documents outside of any project to need a server each.
  local function is_same(client, options)
    return client.name == options.name and client.config.root_dir == options.root_dir
  end
  local function start(bufnr)
    local options = M.config()
    options.root_dir = vim.fs.root(bufnr, options.root_markers)
    vim.lsp.start(options, { bufnr = bufnr, reuse_client = is_same })
  end
  vim.api.nvim_create_autocmd("FileType", {
    group = vim.api.nvim_create_augroup("rdit.start", {}),
    pattern = "python",
    callback = function(event)
      start(event.buf)
    end,
  })
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.bo[bufnr].filetype == "python" then
      start(bufnr)
    end
  end
end

--- The client of a buffer, or nil.
---@param bufnr integer
---@return vim.lsp.Client?
function M.of(bufnr)
  return vim.lsp.get_clients({ name = M.name, bufnr = bufnr })[1]
end

--- Buffers that had no name when the server got to know them.
---@type table<integer, true>
local unnamed = {}

---@param client vim.lsp.Client
---@param method string
---@param params table
local function notify(client, method, params)
  if has_methods then
    client:notify(method, params)
  else
    client.notify(method, params)
  end
end

--- Remember whether a buffer that the server has just got to know has a name.
---@param bufnr integer
function M.note_name(bufnr)
  unnamed[bufnr] = vim.api.nvim_buf_get_name(bufnr) == "" or nil
end

--- A buffer without a name has one now. Neovim then forgets the autocommand by which it would open the document anew
--- under its name, so that is done here.
---@param bufnr integer
function M.follow_name(bufnr)
  local client = M.of(bufnr)
  if not client or not unnamed[bufnr] or vim.api.nvim_buf_get_name(bufnr) == "" then
    return
  end
  unnamed[bufnr] = nil
  notify(client, "textDocument/didClose", { textDocument = { uri = vim.uri_from_fname("") } })
  local lines = vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
  notify(client, "textDocument/didOpen", {
    textDocument = {
      uri = vim.uri_from_bufnr(bufnr),
      version = vim.lsp.util.buf_versions[bufnr],
      languageId = "python",
      text = table.concat(lines, "\n") .. "\n",
    },
  })
end

--- Tell the server when another one completes the same buffer: it then offers only what that one cannot know.
---@param bufnr integer
function M.tell_of_others(bufnr)
  local client = M.of(bufnr)
  if not client then
    return
  end
  local settings = vim.tbl_get(client, "settings", "rdit") or {}
  local has_other = vim.iter(vim.lsp.get_clients({ bufnr = bufnr })):any(function(other)
    return other.name ~= M.name and other.server_capabilities.completionProvider ~= nil
  end)
  if has_other and not settings.otherServer then
    -- Kept there, because the server may ask for its settings again.
    client.settings = vim.tbl_deep_extend("force", client.settings or {}, { rdit = { otherServer = true } })
    notify(client, "workspace/didChangeConfiguration", { settings = client.settings })
  end
end

--- Tell the user one sentence.
---@param sentence string
---@param level? integer
function M.say(sentence, level)
  vim.notify(sentence, level or vim.log.levels.INFO, { title = "rdit" })
end

---@param failure lsp.ResponseError
---@return string
local function sentence_of(failure)
  if failure.code == vim.lsp.protocol.ErrorCodes.ContentModified then
    return "The document changed while rdit was asked to run it; run it again."
  end
  return vim.split(failure.message, "\n", { trimempty = true })[1] or "the server gave no reason"
end

--- Run one of the server's commands for a buffer. `done` gets the result; an error is told to the user instead.
---@param bufnr integer
---@param command string
---@param argument table
---@param done? fun(result: any)
---@param failed? fun()
---@return boolean sent
function M.command(bufnr, command, argument, done, failed)
  local client = M.of(bufnr)
  if not client then
    M.say("rdit is not attached to this buffer; see :checkhealth rdit.", vim.log.levels.WARN)
    return false
  end
  local function answered(failure, result)
    if failure then
      M.say("rdit: " .. sentence_of(failure), vim.log.levels.ERROR)
      if failed then
        failed()
      end
    elseif done then
      done(without_nulls(result))
    end
  end
  local params = { command = command, arguments = { argument } }
  if has_methods then
    return (client:request("workspace/executeCommand", params, answered, bufnr))
  end
  return (client.request("workspace/executeCommand", params, answered, bufnr))
end

--- The same, waited for: for what Neovim wants an answer to at once. Nil where there is none in time.
---@param bufnr integer
---@param command string
---@param argument table
---@param patience_ms integer
---@return any
function M.command_now(bufnr, command, argument, patience_ms)
  local client = M.of(bufnr)
  if not client then
    return nil
  end
  local params = { command = command, arguments = { argument } }
  local answer
  if has_methods then
    answer = client:request_sync("workspace/executeCommand", params, patience_ms, bufnr)
  else
    answer = client.request_sync("workspace/executeCommand", params, patience_ms, bufnr)
  end
  return answer and without_nulls(answer.result)
end

--- Ask the server to run something of a buffer. The version sent is the text the user sees: Neovim sends pending
--- changes before any request.
---@param bufnr integer
---@param params table The rest of rdit.ExecuteParams.
---@param done? fun(result: rdit.ExecuteResult)
function M.execute(bufnr, params, done)
  local summary = require("rdit.results").summary(bufnr)
  if summary and summary.state == "busy" then
    M.say("rdit: this waits for what runs; `:Rdit interrupt` stops that.")
  end
  params.uri = vim.uri_from_bufnr(bufnr)
  params.version = vim.lsp.util.buf_versions[bufnr]
  M.command(bufnr, "rdit/execute", params, done)
end

--- The cursor, or the first column of `line` (1-based), as LSP counts.
---@param bufnr integer
---@param line? integer
---@return rdit.Position
function M.position(bufnr, line)
  local client = M.of(bufnr)
  if line or not client then
    return { line = (line or 1) - 1, character = 0 }
  end
  return vim.lsp.util.make_position_params(0, client.offset_encoding).position
end

return M
