--- Pictures in the output window: drawn by a plugin that can, or by the user's own function. Where there is neither,
--- the window has their captions, and the system's program opens them.
local config = require("rdit.config")

local M = {}

---@class rdit.Picture
---@field path string A file with it.
---@field buf integer The output window's buffer.
---@field win integer
---@field row integer The row of its caption, from 0; the picture belongs below.
---@field width? integer In pixels, as it is meant to be shown.
---@field height? integer

---@alias rdit.TakeAway fun() Takes a picture away again.

---@class rdit.Artist
---@field name string
---@field can fun(path?: string): boolean Whether it draws here, and this file.
---@field draw fun(picture: rdit.Picture): rdit.TakeAway?

--- Only plugins that have been loaded are asked: rdit does not decide what Neovim loads.
---@param name string
---@return any
local function loaded(name)
  local module = package.loaded[name]
  return type(module) == "table" and module or nil
end

---@type rdit.Artist
local snacks = {
  name = "snacks.image",
  can = function(path)
    local image = loaded("snacks") and loaded("snacks").image
    -- Without placeholders it could draw over a buffer's text only.
    return image ~= nil
      and image.supports_terminal()
      and image.terminal.env().placeholders == true
      and (not path or image.supports_file(path))
  end,
  draw = function(picture)
    local placement = loaded("snacks").image.placement.new(picture.buf, picture.path, {
      pos = { picture.row + 1, 0 },
      inline = true,
      max_width = vim.api.nvim_win_get_width(picture.win) - 2,
      max_height = 40,
    })
    return function()
      placement:close()
    end
  end,
}

---@type rdit.Artist
local image_nvim = {
  name = "image.nvim",
  can = function()
    local image = loaded("image")
    return image ~= nil and image.from_file ~= nil and (not image.is_enabled or image.is_enabled())
  end,
  draw = function(picture)
    local image = loaded("image").from_file(picture.path, {
      window = picture.win,
      buffer = picture.buf,
      inline = true,
      with_virtual_padding = true,
      x = 0,
      y = picture.row,
    })
    if not image then
      return nil
    end
    image:render()
    return function()
      image:clear()
    end
  end,
}

---@param choice any The option `pictures`.
---@return rdit.Artist?
local function artist(choice)
  if type(choice) == "function" then
    return {
      name = "the option `pictures`",
      can = function()
        return true
      end,
      draw = choice,
    }
  end
  for _, candidate in ipairs(choice and { snacks, image_nvim } or {}) do
    local known, can = pcall(candidate.can)
    if known and can then
      return candidate
    end
  end
end

--- The name of the plugin that draws pictures here, for messages; nil when there is none.
---@return string?
function M.artist()
  local found = artist(config.get().pictures)
  return found and found.name
end

--- Draw a picture, where that can be; a plugin of another age may fail, and the caption is there.
---@param picture rdit.Picture
---@return rdit.TakeAway?
function M.draw(picture)
  local found = artist(config.get().pictures)
  if not found then
    return nil
  end
  local worked, take_away = pcall(function()
    return found.can(picture.path) and found.draw(picture) or nil
  end)
  if not worked then
    local reason = tostring(take_away):gsub("^[^\n]-:%d+: ", ""):match("[^\n]*")
    vim.notify_once(("rdit: %s cannot draw: %s"):format(found.name, reason), vim.log.levels.WARN)
    return nil
  end
  return type(take_away) == "function" and take_away or nil
end

--- Open a picture with the system's program for it. Returns what is wrong, or nil.
---@param path string
---@return string?
function M.open(path)
  local _, failure = vim.ui.open(path)
  return failure
end

return M
