--- Read by vim.lsp.enable("rdit"), Neovim 0.11 and newer. What the user sets with vim.lsp.config("rdit", …) wins.
return require("rdit.client").config()
