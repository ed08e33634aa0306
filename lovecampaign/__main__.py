"""Entry point of ``python -m lovecampaign``."""

from lovecampaign.cli import main

if __name__ == "__main__":
    main()
