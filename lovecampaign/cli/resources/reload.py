"""A campaign that may be edited while a command runs."""

from __future__ import annotations

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.campaign.workspace.find import pick_campaign
from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.cli.resources.campaigns import UsableCampaign, load_folder
from lovecampaign.web.reload import CampaignReloader


class ReloadingCampaign:
    """Loads a campaign again after an edit; keeps the last usable state.

    Raises ProblemsFound where the first load finds a campaign that cannot be used.
    """

    def __init__(self, invocation: Invocation, name: str | None) -> None:
        self._invocation = invocation
        workspace = invocation.find_workspace()
        self._reloader = CampaignReloader(pick_campaign(workspace, name), workspace)
        self._reloader.reload_if_changed()  # later calls detect edits from now on
        self.usable = load_folder(self._reloader.folder, workspace)

    @property
    def campaign(self) -> Campaign:
        return self.usable.campaign

    def read(self) -> Campaign:
        """The campaign as its files are now, or as they last were without errors."""
        loaded = self._reloader.reload_if_changed()
        if loaded is not None and loaded.campaign is not None:
            self.usable = UsableCampaign(campaign=loaded.campaign, problems=loaded.problems)
        elif loaded is not None:
            name = self._reloader.folder.name
            self._invocation.output.show_error(
                f"{name} was edited and cannot be used; going on as before",
                loaded.problems,
                f"then type: lovecampaign check {name}",
            )
        return self.campaign
