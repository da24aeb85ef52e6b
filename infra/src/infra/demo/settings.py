"""How large the demo is."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from fashion_kit.settings import Settings


class DemoSettings(Settings):
    """The crowd, and the shopper who is followed by name."""

    model_config = SettingsConfigDict(env_prefix="DEMO_", frozen=True)

    shoppers: int = Field(default=200, ge=1)
    """How many shoppers come."""
    seconds: float = Field(default=60, gt=0)
    """Over how many seconds."""
    visits: int = Field(default=1, ge=1)
    """How often each of them comes at most."""
    eagerness: float = Field(default=3, gt=0)
    """How readily they put things into the cart; 1 is as in life, where few buy."""
    story_clicks: int = Field(default=4, ge=1)
    """How many products the followed shopper clicks in her story."""
    click_pause_seconds: float = Field(default=0.7, gt=0)
    """How long she waits between the clicks that are timed."""
    click_to_pick_goal_ms: float = Field(default=500, gt=0)
    """The longest p95 from click to changed pick with which the demo is content."""
    flush_seconds: float = Field(default=60, gt=0)
    """How long the events may take into the landing zone after the last one came."""
