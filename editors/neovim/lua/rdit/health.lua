--- :checkhealth rdit
local client = require("rdit.client")
local config = require("rdit.config")

local M = {}

local function check_neovim()
  vim.health.start("rdit: Neovim")
  local version = tostring(vim.version())
  if vim.fn.has("nvim-0.10") == 0 then
    vim.health.error(("Neovim is %s; rdit needs 0.10 or newer."):format(version))
  elseif vim.lsp.enable then
    vim.health.ok(("Neovim is %s; the server is configured by lsp/rdit.lua."):format(version))
  else
    vim.health.ok(("Neovim is %s; the server is started by an autocommand."):format(version))
  end
end

local function check_pictures()
  vim.health.start("rdit: pictures")
  local artist = require("rdit.pictures").artist()
  if artist then
    vim.health.ok(("%s draws them in the output window."):format(artist))
  else
    vim.health.info("The output window has their captions; `:Rdit picture` opens them. See :help rdit-pictures.")
  end
end

local function check_options()
  vim.health.start("rdit: options")
  local problems = config.problems(vim.g.rdit or {})
  for _, problem in ipairs(problems) do
    vim.health.error(problem .. " (in vim.g.rdit).")
  end
  if #problems == 0 then
    vim.health.ok("The options are understood.")
  end
  local hidden = require("rdit.keymaps").hidden()
  if #hidden > 0 then
    local advice = 'Another prefix leaves them alone: `require("rdit").setup({ keymaps = "<leader>p" })`.'
    vim.health.warn("In Python buffers `keymaps` hides mappings of yours: " .. table.concat(hidden, ", "), { advice })
  end
end

local function check_server()
  vim.health.start("rdit: server")
  local cmd = client.server_command()
  local path = vim.fn.exepath(cmd[1])
  if path == "" then
    vim.health.error(("There is no command %q."):format(cmd[1]), {
      "Install the server: `pipx install rdit-lsp`, `uv tool install rdit-lsp` or `pip install rdit-lsp`.",
      'Or say where it is: `require("rdit").setup({ cmd = { "/path/to/rdit-lsp" } })`.',
    })
    return
  end
  vim.health.ok(("The server's command is %s."):format(path))
end

---@param attached vim.lsp.Client
local function check_client(attached)
  local params = { command = "rdit/status", arguments = { vim.empty_dict() } }
  local reply, failure
  if vim.fn.has("nvim-0.11") == 1 then
    reply, failure = attached:request_sync("workspace/executeCommand", params, 2000)
  else
    reply, failure = attached.request_sync("workspace/executeCommand", params, 2000, 0)
  end
  if not reply or reply.err then
    vim.health.error(("The server does not answer: %s."):format(failure or reply.err.message))
    return
  end
  vim.health.ok(("The server answers; its version is %s."):format(reply.result.version))
  for _, session in ipairs(reply.result.sessions) do
    -- Where there is none it is vim.NIL here, which is true.
    local python = type(session.python) == "string" and session.python or "no interpreter yet"
    vim.health.info(("%s is %s, with %s."):format(vim.uri_to_fname(session.uri), session.state, python))
  end
end

local function check_clients()
  vim.health.start("rdit: running servers")
  local clients = vim.lsp.get_clients({ name = client.name })
  if #clients == 0 then
    vim.health.info("No server is running. It starts when a Python file is opened.")
  end
  for _, attached in ipairs(clients) do
    check_client(attached)
  end
end

function M.check()
  check_neovim()
  check_options()
  check_pictures()
  check_server()
  check_clients()
end

return M
