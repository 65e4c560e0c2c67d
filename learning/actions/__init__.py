"""What learning does."""

from learning.actions.access import (
    end_grant,
    erase_person,
    follow_correction,
    give_grant,
    start_course,
)
from learning.actions.moving import move_up
from learning.actions.practice import save_answer, save_answers, start_attempt, submit_attempt
from learning.actions.progress import complete_item, note_place, reopen_item
from learning.actions.works import plant_sample_work, show_in_gallery, submit_work

__all__ = [
    "complete_item",
    "end_grant",
    "erase_person",
    "follow_correction",
    "give_grant",
    "move_up",
    "note_place",
    "plant_sample_work",
    "reopen_item",
    "save_answer",
    "save_answers",
    "show_in_gallery",
    "start_attempt",
    "start_course",
    "submit_attempt",
    "submit_work",
]
