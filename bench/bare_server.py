"""pygls' own start: a server with no features, as a yardstick for rdit's first result."""

from pygls.lsp.server import LanguageServer

if __name__ == "__main__":
    LanguageServer("bare", "0").start_io()
