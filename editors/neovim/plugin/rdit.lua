--- Defines :Rdit and the <Plug> mappings, and starts the server for Python buffers unless `autostart` is off.
if vim.g.loaded_rdit or vim.fn.has("nvim-0.10") == 0 then
  return
end
vim.g.loaded_rdit = true

local group = vim.api.nvim_create_augroup("rdit", {})

vim.api.nvim_create_user_command("Rdit", function(options)
  require("rdit.command").dispatch(options)
end, {
  nargs = "*",
  range = true,
  bang = true,
  desc = "Run this Python document and show its results",
  complete = function(lead, line)
    return require("rdit.command").complete(lead, line)
  end,
})

require("rdit.keymaps").define_plugs()
require("rdit.draw").define_highlights()

vim.api.nvim_create_autocmd("ColorScheme", {
  group = group,
  callback = function()
    require("rdit.draw").define_highlights()
  end,
})

vim.api.nvim_create_autocmd("LspAttach", {
  group = group,
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    require("rdit.client").tell_of_others(event.buf)
    if not client or client.name ~= require("rdit.client").name then
      return
    end
    require("rdit.keymaps").attach(event.buf)
    require("rdit.client").note_name(event.buf)
    if not require("rdit.config").get().draw then
      vim.lsp.inlay_hint.enable(true, { bufnr = event.buf })
    end
    require("rdit.readiness").served(event.buf)
  end,
})

-- Keys that came with the server only would be other commands of Neovim's until then, which edit the text.
vim.api.nvim_create_autocmd("FileType", {
  group = group,
  pattern = "python",
  callback = function(event)
    if vim.bo[event.buf].buftype == "" and require("rdit.config").get().autostart then
      require("rdit.keymaps").attach(event.buf)
    end
  end,
})

vim.api.nvim_create_autocmd({ "TextChanged", "TextChangedI" }, {
  group = group,
  callback = function(event)
    local results = package.loaded["rdit.results"]
    if results then
      results.refit_line(event.buf, vim.api.nvim_win_get_cursor(0)[1] - 1)
    end
  end,
})

vim.api.nvim_create_autocmd({ "BufWritePost", "BufFilePost" }, {
  group = group,
  callback = function(event)
    require("rdit.client").follow_name(event.buf)
  end,
})

--- Problems of vim.g.rdit are told here, once; those of setup() by setup() itself.
local function start()
  local config = require("rdit.config")
  local problems = config.problems(vim.g.rdit or {})
  if #problems > 0 then
    require("rdit.client").say(table.concat(problems, "; ") .. ".", vim.log.levels.WARN)
  end
  if config.get().autostart then
    require("rdit.client").start()
  end
end

-- setup() may come after this file: package managers source it first. So wait for the end of start-up, or, when the
-- plugin is loaded later, for the end of what is being sourced now.
if vim.v.vim_did_enter == 1 then
  vim.schedule(start)
else
  vim.api.nvim_create_autocmd("VimEnter", { group = group, once = true, callback = vim.schedule_wrap(start) })
end
