"""How does ``python -m lovecampaign`` start?"""

from lovecampaign.cli import main

if __name__ == "__main__":
    main()
