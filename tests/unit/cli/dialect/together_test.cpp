// Options that mean something only with others: who gives in, and what the others then say.

#include "tests/unit/cli/dialect/submitted.h"

using model::JobSpec;
using submitted::by_submit;
using submitted::good;
using submitted::has_text;

namespace {

request::Submission lines(std::string_view sentinel, const std::string& options) {
  return good(by_submit("#!/bin/sh\n" + std::string(sentinel) + " " + options + "\necho\n"));
}
model::Shape sbatch(const std::string& options) {
  return lines("#SBATCH", options).spec.shape;
}
model::Shape qsub(const std::string& options) {
  return lines("#PBS", options).spec.shape;
}

base::Bytes gib(std::uint64_t n) {
  return base::Bytes(n << 30);
}

}  // namespace

TEST_CASE("GPUs of the job and of a task say how many tasks there are") {
  auto shape = sbatch("-G 4 --gpus-per-task=1");
  CHECK(shape.tasks == 4);
  CHECK(shape.gpus_per_task == 1);
  CHECK(shape.gpus_per_node == 0);
  shape = sbatch("--gpus-per-node=4 --gpus-per-task=2 -N 3");
  CHECK(shape.nodes == 3);
  CHECK(shape.tasks_per_node == 2);
  CHECK(shape.gpus_per_task == 2);
  CHECK(has_text(lines("#SBATCH", "-G 8 --gpus-per-task=1 -n 4").notes,
                 "4 tasks of 1 GPU are 4, which counts, and not --gpus=8"));
}

TEST_CASE("GPUs of a task beside those of a node, as they are mostly written") {
  auto shape = sbatch("--gres=gpu:2 -n 2 --gpus-per-task=1");
  CHECK(shape.tasks == 2);
  CHECK(shape.gpus_per_task == 1);
  CHECK(shape.gpus_per_node == 0);
  const auto same =
      lines("#SBATCH", "-N 2 --ntasks-per-node=4 --gpus-per-node=h100:4 --gpus-per-task=1");
  CHECK(same.notes.empty());
  CHECK(same.spec.choice.gpu_kind == "h100");
}

TEST_CASE("GPUs of the job and of a node say how many nodes there are, in any order") {
  for (const auto* options :
       {"--gpus=8 --gpus-per-node=4", "--gpus-per-node=4 --gpus=8", "--gpus=8 --gres=gpu:4"}) {
    INFO(options);
    CHECK(sbatch(options).nodes == 2);
    CHECK(sbatch(options).gpus_per_node == 4);
  }
  const auto range = lines("#SBATCH", "-N 2-4 --gpus=8");
  CHECK(range.spec.shape.nodes == 2);
  CHECK_FALSE(range.spec.shape.most_nodes.has_value());
  CHECK(range.spec.shape.gpus_per_node == 4);
  CHECK(has_text(range.notes, "shared among the fewest nodes, which is 2"));
}

TEST_CASE("the last list of resources counts, whatever is in it") {
  CHECK(sbatch("--gres=gpu:2 --gres=none").gpus_per_node == 0);
  CHECK(sbatch("--gres=gpu:2 --gres=nvme:10").gpus_per_node == 0);
  CHECK(sbatch("--gres=gpu:2 --gres=gpu:1").gpus_per_node == 1);
}

TEST_CASE("tasks of a GPU give the number of either by that of the other") {
  CHECK(sbatch("-n 8 --ntasks-per-gpu=2").gpus_per_node == 4);
  CHECK(sbatch("--gpus=4 --ntasks-per-gpu=2").tasks == 8);
}

TEST_CASE("of two ways to say how much memory or how many cores the later one counts") {
  CHECK(sbatch("--gpus=2 --mem-per-gpu=10G --mem=50G").memory_per_node == gib(50));
  CHECK(sbatch("--mem=50G --gpus=2 --mem-per-gpu=10G").memory_per_node == gib(20));
  CHECK(sbatch("--cpus-per-gpu=4 --gpus-per-node=4 -c 2").cpus_per_task == 2);
  CHECK(sbatch("-c 2 --cpus-per-gpu=4 --gpus-per-node=4").cpus_per_task == 16);
}

TEST_CASE("words that sbatch takes in small letters") {
  CHECK(lines("#SBATCH", "--export=none").spec.environment.contains("SLURM_EXPORT_ENV"));
  CHECK(lines("#SBATCH", "--signal=b:usr1@60").spec.save_signal->script_only);
}

TEST_CASE("chunks of one task lie where there is room, as PBS has it") {
  auto shape = qsub("-l select=4:ncpus=2");
  CHECK(shape.tasks == 4);
  CHECK(shape.cpus_per_task == 2);
  CHECK_FALSE(shape.nodes.has_value());
  CHECK(qsub("-l select=4:ncpus=2 -l place=scatter").nodes == 4);
  CHECK(qsub("-l select=2:ncpus=4:mpiprocs=4").nodes == 2);
}

TEST_CASE("chunks that differ, or do not come out even, ask for no more than one of them has") {
  auto shape = qsub("-l select=1:ncpus=16:mpiprocs=1+4:ncpus=16:mpiprocs=16");
  CHECK(shape.nodes == 5);
  CHECK(shape.tasks == 65);
  CHECK(shape.tasks_per_node == 16);
  CHECK(shape.cpus_per_task == 1);
  CHECK(qsub("-l select=1:ncpus=4:mpiprocs=3").cpus_per_task == 1);
  CHECK(has_text(lines("#PBS", "-l select=1:ncpus=4:mpiprocs=3").notes, "each has 1"));
}

TEST_CASE("GPUs of chunks are those that were asked for, wherever they lie") {
  CHECK(qsub("-l select=3:ncpus=4:mpiprocs=2:ngpus=1 -l place=pack").gpus_per_node == 3);
  const auto free = qsub("-l select=2:ncpus=4:mpiprocs=4:ngpus=2 -l place=free");
  CHECK(free.nodes == 2);
  CHECK(free.gpus_per_node == 2);
}

TEST_CASE("of select= and nodes= the later one counts") {
  CHECK(qsub("-l select=1:ncpus=8 -l nodes=2:ppn=2").nodes == 2);
  CHECK(qsub("-l nodes=2:ppn=2 -l select=1:ncpus=8").cpus_per_task == 8);
}

TEST_CASE("memory of a job of so many processes is shared among them") {
  CHECK(qsub("-l procs=16,mem=32gb").memory_per_cpu == gib(2));
}

TEST_CASE("a long name with one dash is noticed") {
  CHECK(has_text(lines("#SBATCH", "-mem=4G").warnings,
                 "did you mean --mem? With one dash this is -m with the value 'em=4G'"));
  CHECK(has_text(lines("#SBATCH", "-partition=gpu").warnings, "did you mean --partition?"));
  CHECK(lines("#SBATCH", "-N2 -c4 -J mem").warnings.empty());
}
