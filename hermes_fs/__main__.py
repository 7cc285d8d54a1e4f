"""`python -m hermes_fs` is `hermes`."""

from hermes_fs.cli.main import main

if __name__ == "__main__":
    main()
