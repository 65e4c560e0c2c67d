"""A program in TypeScript: its types made from the committed document, its calls against the school."""

import json

import pytest

from tests.browser.school import ROOT
from tests.node import packages

pytestmark = pytest.mark.browser
PROGRAM = """
import createClient from "openapi-fetch";
import type { components, paths } from "./school.js";

declare const process: { argv: string[]; exit(code: number): never };
declare const console: { log(text: string): void };

const school = createClient<paths>({ baseUrl: process.argv[2]! });

async function main(): Promise<void> {
  const { data, error } = await school.GET("/api/v1/courses", { params: { query: { page_size: 3 } } });
  if (error || !data) throw new Error("no courses");
  const titles: string[] = data.results.map((course) => course.title);
  const slug: string = data.results[0]!.slug;
  const { data: course } = await school.GET("/api/v1/courses/{slug}", { params: { path: { slug } } });
  const offers: components["schemas"]["Offer"][] = (await school.GET("/api/v1/offers")).data!.results;
  const missing = await school.GET("/api/v1/courses/{slug}", { params: { path: { slug: "no-such" } } });
  console.log(JSON.stringify({
    titles, slug: course!.slug, offers: offers.length, missing: missing.response.status,
  }));
}
main().catch((reason) => { console.log(String(reason)); process.exit(1); });
"""
WRONG = """
import createClient from "openapi-fetch";
import type { paths } from "./school.js";
createClient<paths>({ baseUrl: "" }).GET("/api/v1/no-such-path");
"""
COMPILE = [
    *("--strict", "--noUncheckedIndexedAccess", "--skipLibCheck", "--target", "es2022"),
    *("--module", "nodenext", "--moduleResolution", "nodenext"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A program's folder with the types in it and the packages beside it."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "node_modules").symlink_to(packages.modules())
    (folder / "package.json").write_text('{"type": "module"}')
    document = ROOT / "docs" / "reference" / "openapi.yaml"
    made = packages.run(
        "openapi-typescript/bin/cli.js", str(document), "-o", str(folder / "school.d.ts")
    )
    assert made.returncode == 0, made.stderr
    return folder


def compile_in(folder, name: str, text: str, *more: str):
    (folder / name).write_text(text)
    return packages.run("typescript/bin/tsc", *COMPILE, *more, name, cwd=folder)


def test_a_strict_program_compiles_and_talks_to_the_school(folder, school):
    compiled = compile_in(folder, "program.ts", PROGRAM)
    assert compiled.returncode == 0, compiled.stdout

    ran = packages.run(str(folder / "program.js"), school.url)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    said = json.loads(ran.stdout)
    assert len(said["titles"]) == 3
    assert said["slug"]
    assert said["offers"] >= 6
    assert said["missing"] == 404


def test_a_path_that_is_not_in_the_document_does_not_compile(folder):
    compiled = compile_in(folder, "wrong.ts", WRONG, "--noEmit")

    assert compiled.returncode != 0
    assert compiled.stdout.startswith("wrong.ts(4,")
