"""How does a campaign that is being edited stay usable while it runs?"""

from __future__ import annotations

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.workspace.find import pick_campaign
from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.cli.resources.campaigns import load_folder
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.web.files.changes import FileChanges


class ReloadingCampaign:
    """Reads a campaign again where its files changed; keeps the last good one otherwise.

    Raises ProblemsFound where the first reading finds a campaign that cannot be used.
    """

    def __init__(self, invocation: Invocation, name: str | None) -> None:
        self._invocation = invocation
        self._workspace = invocation.find_workspace()
        self._folder = pick_campaign(self._workspace, name)
        self._edits = FileChanges(self._folder, self._workspace)
        self._edits.has_changed()  # from now on
        self.usable = load_folder(self._folder, self._workspace)

    @property
    def campaign(self) -> Campaign:
        return self.usable.campaign

    def read(self) -> Campaign:
        """The campaign as its files say now, or as they last said without mistakes."""
        if self._edits.has_changed():
            self._read_again()
        return self.campaign

    def _read_again(self) -> None:
        try:
            self.usable = load_folder(self._folder, self._workspace)
        except ProblemsFound as error:
            self._invocation.output.show_error(
                f"{self._folder.name} was edited and cannot be used; going on as before",
                error.problems,
                error.hint,
            )
