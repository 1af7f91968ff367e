"""One file for each family of echo endpoints; `echo.app` finds them by being here."""
