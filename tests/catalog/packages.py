"""Course packages made on the spot: folders and zip files from a mapping of paths to texts."""

import io
import zipfile
from pathlib import Path

from PIL import Image

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20" width="40" height="20">'
    "<title>A box</title><rect width='40' height='20' fill='#faf7f0'/></svg>"
)
COURSE = """---
title: Making tea
summary: Hot water and leaves.
level: beginner
language: en
topics: [drinks]
instructor: {slug: tea-editors, name: The tea editors, bio: "They drink it."}
outcomes: [Boil water.]
requirements: [A kettle.]
faqs:
  - question: Is coffee covered?
    answer: No.
---
All about *tea*.
"""
LESSON = """---
title: Boiling water
summary: First heat.
free: true
---
## Heat

Water boils at 100 degrees. See [the pot](02-pot.md), [the task](../02-more/02-brew.project.md),
[nothing](missing.md) and [the start](../course.md).

![A box](../images/box.svg)
"""
EXERCISE = """title: What do you know?
questions:
  - key: heat
    kind: single
    prompt: "Water boils at:"
    options:
      - {text: "100", right: true, why: "At sea level."}
      - {text: "50", why: "Too cold."}
  - key: both
    kind: multiple
    prompt: Which are teas?
    options:
      - {text: "Green", right: true, why: "Yes."}
      - {text: "Black", right: true, why: "Yes."}
      - {text: "Milk", why: "No."}
  - {key: word, kind: text, prompt: "What opens?", answers: ["leaf", "leaves"], explanation: They do.}
  - {key: number, kind: numeric, prompt: "Minutes?", answer: 3, tolerance: 0.5, unit: min}
  - {key: order, kind: ordering, prompt: Order, items: ["boil", "pour", "drink"]}
  - key: pairs
    kind: matching
    prompt: Match
    pairs: [{left: "Green", right: "80"}, {left: "Black", right: "95"}]
"""
PROJECT = """---
title: Brew a pot
hours: 2
rubric: [{criterion: Warm, points: 3}]
gallery:
  - {title: A pot, author: Sample work, text: A brown pot., sample: true}
---
Make tea.
"""
FOLDER = {
    "course.md": COURSE,
    "01-first/module.md": "---\ntitle: First steps\nsummary: Begin.\n---\n",
    "01-first/01-boiling.md": LESSON,
    "01-first/02-pot.md": "---\ntitle: The pot\n---\nChoose one.\n",
    "01-first/03-check.exercise.yaml": EXERCISE,
    "02-more/01-leaves.md": "---\ntitle: Leaves\n---\nDry them.\n",
    "02-more/02-brew.project.md": PROJECT,
    "images/box.svg": SVG,
}
PLAIN = {
    "README.md": "# Bread\n\nHow to bake.\n",
    "10-oven.md": "# The oven\n\nHot. Before: [dough](2-dough.md).\n",
    "2-dough.md": "Flour and water.\n",
}
DOCSIFY = {
    "README.md": "# Web for all\n\nTwo lessons.\n\n## Lessons\n\n|  | Chapter | Lesson |\n"
    "|:-:|---|---|\n| 01 | A | [One](/1-start/1-one/README.md) |\n"
    "| 02 | A | [Two](1-start/2-two/README.md) |\n",
    "1-start/README.md": "# :tada: Start here\n",
    "1-start/1-one/README.md": "# Lesson one\n\n[Quiz](https://quiz.example/quiz/1)"
    " [next](../2-two/README.md) [task](assignment.md) [gone](../9-gone/README.md)\n\n"
    "![Box](images/box.svg)\n\n[![Film](https://img.example/0.jpg)](https://film.example/)\n",
    "1-start/1-one/assignment.md": "# Do it\n\nNow.\n",
    "1-start/1-one/images/box.svg": SVG,
    "1-start/1-one/translations/README.es.md": "# Lección uno\n\n![Caja](../images/box.svg)\n",
    "1-start/2-two/README.md": "# Lesson two\n\nBack to the [chapter](../README.md).\n",
    "quiz-app/src/assets/translations/en.json": '[{"quizzes": [\n'
    '{"id": 1, "title": "Before one", "quiz": [\n{"questionText": "Ready?", "answerOptions": ['
    '{"answerText": "yes", "isCorrect": "true"}, {"answerText": "no", "isCorrect": "false"}]}]},\n'
    '{"id": 2, "title": "After one", "quiz": [\n{"questionText": "Both?", "answerOptions": ['
    '{"answerText": "a", "isCorrect": "true"}, {"answerText": "b", "isCorrect": "true"}]},\n'
    '{"questionText": "None?", "answerOptions": ['
    '{"answerText": "a", "isCorrect": "false"}, {"answerText": "b", "isCorrect": "false"}]}]}'
    "]}]",
    "quiz-app/src/assets/translations/es.json": '[{"quizzes": [{"id": 1, "title": "Antes", "quiz":'
    ' [{"questionText": "", "answerOptions": [{"answerText": "", "isCorrect": ""},'
    ' {"answerText": "", "isCorrect": ""}]}]}]}]',
}
CARPENTRIES = {
    "config.yaml": "title: 'Lists and loops'\nlang: en\nepisodes:\n- 02-b.md\n- 01-a.md\n",
    "episodes/01-a.md": """---
title: Second in order
teaching: 10
exercises: 5
---

::: objectives

- Know lists.

:::

Text with [a link](02-b.md).

![](fig/box.svg){alt='A box\\_1 [drawn]'}

::::::::::::: instructor

Never show this to a learner.

:::::::::::::

::: challenge

## Try it

![](fig/box.svg){alt="Again"}

::: solution

## Answer

`42`

:::

:::

```
::: not a div
```
""",
    "episodes/02-b.md": "---\ntitle: First in order\nteaching: 3\nexercises: 0\n---\n\nHello.\n",
    "episodes/fig/box.svg": SVG,
}


def write_folder(root: Path, files: dict[str, str | bytes]) -> Path:
    for path, content in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            place.write_bytes(content)
        else:
            place.write_text(content, encoding="utf-8")
    return root


def zipped(files: dict[str, str | bytes], compression=zipfile.ZIP_DEFLATED) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    file.seek(0)
    return file


def png(width: int = 2, height: int = 2) -> bytes:
    file = io.BytesIO()
    Image.new("1", (width, height)).save(file, "PNG")
    return file.getvalue()
