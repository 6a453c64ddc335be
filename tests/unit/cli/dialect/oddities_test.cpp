// What is odd in scripts that people have, by the numbers of a list of thirty such things.

#include "cli/dialect/oddities.h"

#include <chrono>
#include <random>

#include "tests/unit/cli/dialect/submitted.h"

using namespace std::chrono_literals;
using submitted::by_foreign;
using submitted::by_submit;
using submitted::error_of;
using submitted::good;
using submitted::has_text;

namespace {

constexpr std::string_view en_dash = "\xe2\x80\x93";

request::Submission of_lines(const std::string& lines) {
  return good(by_submit("#!/bin/bash\n" + lines));
}

std::string error_of_lines(const std::string& lines) {
  return error_of(by_submit("#!/bin/bash\n" + lines));
}

/// The only warning.
std::string warning_of(const std::string& lines) {
  const auto submission = of_lines(lines);
  return submission.warnings.size() == 1 ? submission.warnings[0] : "(not one)";
}

}  // namespace

TEST_CASE("1, 2: comments behind options end the line, whatever is in them") {
  const auto spec = of_lines(
                        "#SBATCH -n 2#two\n"
                        "#SBATCH -N 1    # nodes: -c --cpus-per-task <n>\n")
                        .spec;
  CHECK(spec.shape.tasks == 2);
  CHECK(spec.shape.nodes == 1);
  CHECK(spec.shape.cpus_per_task == 1);
  CHECK(of_lines("#PBS -N x  # (see also -A)\n").spec.workspace.empty());
}

TEST_CASE("3: directives that are switched off stay so") {
  const auto submission =
      of_lines("##SBATCH -n 2\n###SBATCH -n 2\n# #SBATCH -n 2\n##PBS -N x\n# SBATCH -n 3\n");
  CHECK_FALSE(submission.spec.shape.tasks);
  CHECK(submission.warnings.empty());
  CHECK(submission.spec.dialect == model::Dialect::native);
}

TEST_CASE("4, 5: late directives do not count, and each is told of") {
  const auto submission = of_lines("#SBATCH -n 2\nOR\n#SBATCH -n 4\n#SBATCH -c 4\n");
  CHECK(submission.spec.shape.tasks == 2);
  REQUIRE(submission.warnings.size() == 2);
  CHECK(submission.warnings[0] ==
        "t.sh: line 4: '#SBATCH -n 4' is ignored: it stands after the first command (line 3)");
  CHECK(warning_of("#PBS -N x\necho\n#PBS -N y\n").contains("is ignored"));
  CHECK(of_lines("#PBS -N x\n: label\n#PBS -A y\n").spec.workspace == "y");
}

TEST_CASE("6, 7, 8, 9, 10: names, several options, repeated ones and values beside letters") {
  CHECK(has_text(of_lines("#SBATCH --cluster=X\n").notes, "--cluster has no effect"));
  CHECK(of_lines("#SBATCH --tasks-per-node=3\n").spec.shape.tasks_per_node == 3);
  const auto spec = of_lines("#SBATCH --ntasks-per-node=192 --cpus-per-task=2\n").spec;
  CHECK(spec.shape.tasks_per_node == 192);
  CHECK(spec.shape.cpus_per_task == 2);
  CHECK(of_lines("#SBATCH -n 2\n#SBATCH -n 3\n").spec.shape.tasks == 3);
  CHECK(of_lines("#SBATCH -N1 -c28\n").spec.shape.cpus_per_task == 28);
  const auto pbs =
      of_lines(
          "#PBS -N 'my job name' -l nodes=1:ppn=2 -q q1 -l pmem=2gb -joe\n#PBS -lwalltime=60\n")
          .spec;
  CHECK(pbs.name == "my job name");
  CHECK(pbs.shape.tasks_per_node == 2);
  CHECK(pbs.time_limit == 60s);
  CHECK(pbs.error.empty());
}

TEST_CASE("11, 12: no blank behind the word, tabs between words") {
  CHECK(of_lines("#PBS-A lp_sys\n").spec.workspace == "lp_sys");
  CHECK(of_lines("#SBATCH--mem=1G\n").spec.shape.memory_per_node == base::Bytes(1ULL << 30));
  CHECK(of_lines("#SBATCH\t-n\t2\t# two\n").spec.shape.tasks == 2);
  CHECK(of_lines("  #PBS -N x\n").spec.name == "x");
  CHECK(of_lines("#PBS -l select=2:\\\n#PBS   ncpus=4\n").spec.shape.cpus_per_task == 4);
}

TEST_CASE("a directive of PBS that does not go on is told of") {
  CHECK(warning_of("#PBS -N x\n#PBS -A y \\\necho\n").contains("is ignored: it ends with"));
}

TEST_CASE("13, 14: characters that a word processor has made") {
  const auto nbsp = of_lines(
      "#SBATCH\xc2\xa0-n\xc2\xa0"
      "2\n");
  CHECK(nbsp.spec.shape.tasks == 2);
  CHECK(has_text(nbsp.warnings, "a no-break space (U+00A0)"));
  CHECK(error_of_lines("#PBS " + std::string(en_dash) + "j oe\n")
            .contains("begins with an en dash (U+2013); type '-' in its place"));
  const auto shell = good(by_submit("#!/bin/sh " + std::string(en_dash) + "l\necho\n"));
  CHECK(has_text(shell.warnings, "line 1: '#!/bin/sh"));
  CHECK(has_text(shell.warnings, "an en dash (U+2013)"));
  CHECK(warning_of("#SBATCH -J \xe2\x80\x9cx\xe2\x80\x9d\n").contains("a curly quote"));
}

TEST_CASE("15, 17: the first line is the kernel's") {
  const auto odd = good(by_submit("#!/bin/bash -l     # a comment\necho\n"));
  CHECK(has_text(odd.warnings, "gives '-l     # a comment' to /bin/bash as one word"));
  for (const auto* line : {"#! /bin/bash", "#!/usr/bin/env bash", "#!/bin/bash -x", "#!/bin/csh",
                           "#!/usr/bin/env -S bash -l"}) {
    const auto fine = good(by_submit(std::string(line) + "\necho\n"));
    CHECK(fine.warnings.empty());
    CHECK(fine.spec.script.starts_with(line));
  }
  CHECK(has_text(good(by_submit("#!/usr/bin/env bash -l\n")).warnings, "as one word"));
}

TEST_CASE("16, 18: a script that begins elsewhere, and line ends of Windows") {
  CHECK(error_of(by_submit("\n#!/bin/bash\n#SBATCH -n 2\n")) ==
        "t.sh: line 1: expected '#!' and the shell, such as '#!/bin/bash'; it is in line 2: "
        "remove the lines before it");
  CHECK(good(by_submit("\n#!/bin/bash\n#PBS -N x\n")).spec.script ==
        "#!/bin/bash -l\n\n#!/bin/bash\n#PBS -N x\n");
  for (const auto* text : {"#!/bin/sh\r\n#SBATCH -n 2\r\n", "#PBS -N x\r\n"})
    CHECK(error_of(by_submit(text)).contains("repair the file with: sed -i 's/\\r$//' t.sh"));
}

TEST_CASE("19, 20, 21: what was meant to be replaced before") {
  CHECK(warning_of("#SBATCH --account=$PROJECT_NUMBER\n") ==
        "t.sh: line 2: '#SBATCH --account=$PROJECT_NUMBER': no shell reads this line; "
        "'$PROJECT_NUMBER' stays as it is");
  CHECK(of_lines("#SBATCH --account=$P\n").spec.workspace == "$P");
  CHECK(of_lines("#PBS -o $PBS_JOBID.out\n").warnings.empty());
  CHECK(warning_of("#SBATCH -A <project>\n").contains("'<project>' looks like a placeholder"));
  CHECK(warning_of("#SBATCH -A YOUR_ACCOUNT\n").contains("looks like a placeholder"));
  CHECK(error_of_lines("#PBS -A YOUR ALLOCATION\n") ==
        "t.sh: line 2: '#PBS -A YOUR ALLOCATION': expected an option, found 'ALLOCATION'; is there "
        "a placeholder to be filled in?");
  CHECK(error_of_lines("#PBS -l walltime=HH:MM:SS\n").contains("found 'HH:MM:SS'"));
  for (const auto* line : {"#SBATCH -n <%= n %>", "#SBATCH -n {{ n }}", "#SBATCH -J %NAME%"}) {
    CHECK(error_of_lines(std::string(line) + "\n")
              .contains("belongs to a template that has not been filled in"));
  }
  CHECK(of_lines("#SUBMIT --prepare='echo $HOME {{'\n").warnings.empty());
  CHECK(of_lines("#SBATCH -o %A_%a.%x\n").spec.output == "/home/ann/run/%A_%a.%x");
}

TEST_CASE("22: quotes group, and what is in them is no comment") {
  CHECK(of_lines("#SBATCH --job-name=\"GPU build\"  # x\n").spec.name == "GPU build");
  CHECK(of_lines("#PBS -A 'my_project name'\n").spec.workspace == "my_project name");
  CHECK(has_text(of_lines("#SBATCH --bb=\"#BB_LUA SBF\" -n 2\n").notes, "--bb has no effect"));
  CHECK(error_of_lines("#SBATCH -J 'x\n").contains("a ' without its partner"));
}

TEST_CASE("23, 24: values that begin with '=', and times of one meaning each") {
  CHECK(error_of_lines("#SBATCH --time==0+00:01:00\n").contains("'=0+00:01:00'"));
  CHECK(error_of_lines("#SBATCH --time = 1:00\n")
            .contains("write --name=value without blanks around '='"));
  CHECK(of_lines("#SBATCH -t 10:00\n").spec.time_limit == 10min);
  CHECK(of_lines("#SBATCH -t 30\n").spec.time_limit == 30min);
  CHECK(of_lines("#PBS -l walltime=30\n").spec.time_limit == 30s);
  CHECK(of_lines("#PBS -l walltime=1:00:00:00\n").spec.time_limit == 24h);
  CHECK_FALSE(error_of_lines("#SBATCH -t 1:00:00:00\n").empty());
}

TEST_CASE("25: words that are nearly those of directives") {
  for (const auto* line : {"#SBACTH -n 2", "#sbatch -N 1", "#pbs -N x", "#PSB -N x"})
    CHECK(warning_of(std::string(line) + "\n").contains("is a comment; did you mean"));
  CHECK(warning_of("#BSUB -n 4\n") ==
        "t.sh: lines of #BSUB are not read; #SUBMIT, #SBATCH and #PBS are");
  CHECK(warning_of("#$ -pe mpi 4\n").contains("lines of #$ are not read"));
  CHECK(of_lines("#BSUB -n 4\n#SBATCH -n 4\n").warnings.empty());
}

TEST_CASE("26: jobs that submit the next one") {
  const auto words = std::vector<std::string>{"-d", "afterok:7", "--begin=now+1hour"};
  auto line = options::parse(dialect::options_of(model::Dialect::slurm), words,
                             options::Operands::end_options);
  REQUIRE(line);
  auto inside = submitted::here;
  inside.environment["MUSTER_JOB_ID"] = "7";
  inside.environment["SLURM_CPUS_PER_TASK"] = "4";
  inside.environment["PBS_O_WORKDIR"] = "/old";
  inside.environment["SBATCH_TIMELIMIT"] = "5";
  const auto next = good(dialect::make_submission({model::Dialect::slurm, *line},
                                                  request::ScriptFile{"-", "#!/bin/sh\n"}, inside));
  CHECK(next.spec.name == "sbatch");
  CHECK(to_text(next.spec.dependency) == "afterok:7");
  CHECK(next.spec.begin == base::Time() + 1h);
  CHECK(next.spec.time_limit == 5min);
  CHECK_FALSE(next.spec.environment.contains("SLURM_CPUS_PER_TASK"));
  CHECK_FALSE(next.spec.environment.contains("PBS_O_WORKDIR"));
}

TEST_CASE("27, 29, 30: signals, options of plugins, and contradictions that are none") {
  const auto spec = of_lines("#SBATCH --signal=B:USR1@180 --requeue --open-mode=append\n").spec;
  CHECK(spec.save_signal->script_only);
  CHECK(spec.append_output);
  CHECK(has_text(of_lines("#SBATCH --network=single_node_vni\n").notes, "has no effect"));
  CHECK(error_of_lines("#SBATCH --containr-image=x\n").contains("did you mean"));
  const auto both = of_lines("#SBATCH -n 6 -N 2 --ntasks-per-node=4 --exclusive --mem=4G\n").spec;
  CHECK(both.shape.tasks == 6);
  CHECK(both.shape.tasks_per_node == 4);
  CHECK(both.shape.whole_nodes);
  CHECK(both.shape.memory_per_node);
}

TEST_CASE("jobs of several parts are refused with what to do") {
  CHECK(error_of_lines("#SBATCH -n 1\n#SBATCH hetjob\n#SBATCH -n 4\n")
            .contains("a job is not made of parts with requests of their own"));
  CHECK(error_of_lines("#SBATCH packjob\n").contains("t.sh: line 2: '#SBATCH packjob': "));
}

TEST_CASE("whose words count is said, and what does not count is told") {
  const auto native = of_lines("#SUBMIT -n 2\n#SBATCH -n 3 -c 2\n#PBS -N x\n");
  CHECK(native.spec.dialect == model::Dialect::native);
  CHECK(native.spec.shape.tasks == 2);
  CHECK(native.spec.shape.cpus_per_task == 2);
  CHECK(native.spec.output == "/home/ann/run/muster-%j.out");
  CHECK(has_text(native.notes, "#PBS lines have no effect: those of #SUBMIT count"));
  CHECK_FALSE(native.spec.environment.contains("SLURM_SUBMIT_DIR"));
  const auto slurm = of_lines("#PBS -N x\n#SBATCH -J y\n");
  CHECK(slurm.spec.dialect == model::Dialect::slurm);
  CHECK(slurm.spec.name == "y");
  CHECK(has_text(slurm.notes, "#PBS lines have no effect: those of #SBATCH count"));
  CHECK(of_lines("#PBS -N x\n").spec.dialect == model::Dialect::pbs);
}

TEST_CASE("whatever is in a script, it is refused with its name or becomes a request") {
  const std::vector<std::string> pieces{"#!/bin/sh",
                                        "\n#SBATCH",
                                        "\n#PBS",
                                        "\n#SUBMIT",
                                        "\n#",
                                        " -N ",
                                        "2",
                                        " --gres=",
                                        "gpu:",
                                        "a",
                                        ":",
                                        "=",
                                        " -l ",
                                        "select=",
                                        "nodes=",
                                        "ncpus=4",
                                        ",",
                                        "+",
                                        " -W ",
                                        "depend=",
                                        "afterok",
                                        " -t ",
                                        "'",
                                        "\"",
                                        "\\",
                                        "<x>",
                                        "$A",
                                        "%",
                                        "{{",
                                        "-",
                                        " --mem=0",
                                        " --mem-per-gpu=4G",
                                        " -G ",
                                        "\xc2\xa0",
                                        "\xe2\x80\x93",
                                        "\n",
                                        "echo",
                                        " -J x",
                                        " --nodes=1-",
                                        " -v ",
                                        "[",
                                        "]",
                                        " -o ",
                                        "/",
                                        "\t"};
  std::mt19937 random(20261128);
  for (int i = 0; i < 400; ++i) {
    std::string text = i % 4 == 0 ? "" : "#!/bin/sh\n";
    for (auto n = random() % 24; n > 0; --n) text += pieces[random() % pieces.size()];
    for (const auto& made : {by_submit(text), by_foreign(model::Dialect::slurm, text, {}),
                             by_foreign(model::Dialect::pbs, text, {})}) {
      INFO(text);
      if (!made) {
        REQUIRE(made.error().text.starts_with("t.sh"));
      } else {
        REQUIRE(made->spec.output.starts_with('/'));
        REQUIRE(made->spec.script.ends_with(text));
      }
    }
  }
}
