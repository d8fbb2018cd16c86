--- Whether a buffer is served: what stands in the way, and what waits until the server is there.
local client = require("rdit.client")
local config = require("rdit.config")

local M = {}

--- Milliseconds after which a server that starts is given up. Starting takes a second; on a busy machine, several.
local patience_ms = 30000

---@class rdit.Waiting
---@field bufnr integer
---@field run fun()

---@type rdit.Waiting[]
local waiting = {}

---@return boolean
local function is_started()
  if config.get().autostart then
    return true
  end
  return vim.lsp.is_enabled ~= nil and vim.lsp.is_enabled(client.name)
end

--- Why no server will ever serve a buffer as it is, in a sentence; nil where one is on its way.
---@param bufnr integer
---@return string?
function M.obstacle(bufnr)
  if vim.bo[bufnr].filetype ~= "python" then
    return "rdit is not attached to this buffer, which is no Python file."
  elseif vim.api.nvim_buf_get_name(bufnr) == "" then
    return "rdit runs files: give this buffer a name first, as in `:w name.py`."
  end
  local cmd = client.server_command()
  if vim.fn.exepath(cmd[1]) == "" then
    return ("rdit's server is not installed: there is no command %q; see :checkhealth rdit."):format(cmd[1])
  elseif not is_started() then
    return "rdit is not attached to this buffer; see :checkhealth rdit."
  end
end

--- Take those that wait for a buffer, or for any, out of the list.
---@param bufnr? integer
---@return rdit.Waiting[]
local function take(bufnr)
  local taken, left = {}, {}
  for _, each in ipairs(waiting) do
    table.insert((not bufnr or each.bufnr == bufnr) and taken or left, each)
  end
  waiting = left
  return taken
end

--- Run what waits for a buffer, which is served from now on.
---@param bufnr integer
function M.served(bufnr)
  for _, each in ipairs(take(bufnr)) do
    each.run()
  end
end

--- The server has ended: nothing need wait for it any more.
function M.ended()
  if #take() > 0 then
    client.say("rdit's server has ended as it started; see :Rdit log.", vim.log.levels.ERROR)
  end
end

---@param each rdit.Waiting
local function give_up_late(each)
  vim.defer_fn(function()
    if vim.tbl_contains(waiting, each) then
      take(each.bufnr)
      client.say("rdit's server does not start; see :checkhealth rdit.", vim.log.levels.ERROR)
    end
  end, patience_ms)
end

--- Call `run` once a buffer is served: at once, or when the server that starts is there. Where none will be, say why.
---@param bufnr integer
---@param run fun()
function M.when_served(bufnr, run)
  local has_name = vim.api.nvim_buf_get_name(bufnr) ~= ""
  if client.of(bufnr) and has_name then
    run()
    return
  end
  local obstacle = M.obstacle(bufnr)
  if obstacle then
    client.say(obstacle, vim.log.levels.WARN)
    return
  end
  client.say("rdit: starting the server …")
  local each = { bufnr = bufnr, run = run }
  table.insert(waiting, each)
  give_up_late(each)
end

return M
