#include "launcher/map/container_plan.h"

#include <algorithm>

#include "lib/base/text.h"
#include "tests/support/catch.h"

using Catch::Matchers::Contains;
using mapping::Unpacker;
using model::ContainerRuntime;

namespace {

using Programs = std::set<std::string>;

model::Image image_of(std::string reference,
                      ContainerRuntime runtime = ContainerRuntime::automatic) {
  model::Image image;
  image.reference = std::move(reference);
  image.runtime = runtime;
  return image;
}

std::string start_line(ContainerRuntime runtime) {
  return base::join(mapping::start_arguments({.runtime = runtime,
                                              .root = "/r",
                                              .binds = {{"/t", "/.muster"}, {"/home/a", "/home/a"}},
                                              .shm = "/s",
                                              .holder = "/.muster/hold"}),
                    " ");
}

base::Bytes mebibytes(std::uint64_t n) {
  return base::Bytes(n << 20);
}

}  // namespace

TEST_CASE("a container is started by the first runtime that the node has") {
  const Programs all{"bwrap", "ch-run", "apptainer", "podman"};
  const auto chosen = [](const Programs& programs, bool is_root) {
    return mapping::choose_runtime(image_of("/a"), programs, is_root);
  };
  CHECK(chosen(all, true) == ContainerRuntime::bubblewrap);
  CHECK(chosen({"ch-run", "podman"}, true) == ContainerRuntime::charliecloud);
  CHECK(chosen({"apptainer", "podman"}, false) == ContainerRuntime::apptainer);
  CHECK(chosen({"podman"}, true) == ContainerRuntime::podman);
  CHECK_THAT(chosen({"podman"}, false).error().text, Contains("nothing that starts containers"));
  CHECK_THAT(chosen({}, true).error().text, Contains("none of bwrap (bubblewrap), ch-run"));
}

TEST_CASE("a job may say by which runtime") {
  const auto chosen = [](ContainerRuntime runtime, const Programs& programs, bool is_root) {
    return mapping::choose_runtime(image_of("/a", runtime), programs, is_root);
  };
  CHECK(chosen(ContainerRuntime::podman, {"bwrap", "podman"}, true) == ContainerRuntime::podman);
  CHECK_THAT(chosen(ContainerRuntime::charliecloud, {"bwrap"}, true).error().text,
             Contains("there is no ch-run in PATH of its agent"));
  CHECK_THAT(chosen(ContainerRuntime::podman, {"podman"}, false).error().text,
             Contains("for root's jobs only"));
}

TEST_CASE("an image is unpacked by what can") {
  const auto chosen = [](const char* reference, const Programs& programs) {
    return mapping::choose_unpacker(image_of(reference), programs);
  };
  CHECK(chosen("/a", {}) == Unpacker::none);
  CHECK(chosen("/a.tar", {}) == Unpacker::tar);
  CHECK(chosen("debian:12", {"podman", "apptainer"}) == Unpacker::podman);
  CHECK(chosen("debian:12", {"ch-image", "ch-convert"}) == Unpacker::charliecloud);
  CHECK(chosen("/a.sif", {"podman", "apptainer"}) == Unpacker::apptainer);
  CHECK_THAT(chosen("/a.sif", {"podman"}).error().text, Contains("apptainer is not in PATH"));
  CHECK_THAT(chosen("oci-archive:/a.tar", {"ch-image", "ch-convert"}).error().text,
             Contains("podman or apptainer is not in PATH"));
  auto secret = image_of("debian:12");
  secret.auth = "/auth.json";
  CHECK_THAT(mapping::choose_unpacker(secret, {"ch-image", "ch-convert"}).error().text,
             Contains("which take --image-auth"));
}

TEST_CASE("each runtime is asked for the same root, with the same folders of the node") {
  CHECK(start_line(ContainerRuntime::bubblewrap) ==
        "bwrap --die-with-parent --bind /r / --dev-bind /dev /dev --bind /proc /proc --bind /sys "
        "/sys --bind /t /.muster --bind /home/a /home/a --bind /s /dev/shm --chdir / -- "
        "/.muster/hold");
  CHECK(start_line(ContainerRuntime::charliecloud) ==
        "ch-run --write --no-passwd --private-tmp -b /t:/.muster -b /home/a:/home/a -b /s:/dev/shm "
        "--cd / /r -- /.muster/hold");
  CHECK(start_line(ContainerRuntime::apptainer) ==
        "apptainer --silent exec --writable --no-home --no-mount tmp,cwd --pwd / -B /t:/.muster -B "
        "/home/a:/home/a -B /s:/dev/shm /r /.muster/hold");
  CHECK_THAT(start_line(ContainerRuntime::podman),
             Contains("--pid=host --ipc=host --network=host") &&
                 Contains("-v /dev:/dev -v /t:/.muster -v /home/a:/home/a -v /s:/dev/shm --rootfs "
                          "/r /.muster/hold"));
}

TEST_CASE("an image has one entry of the cache, whatever is written before its name") {
  using mapping::entry_name;
  CHECK(entry_name("debian:12", "") == entry_name("docker://debian:12", ""));
  CHECK(entry_name("debian:12", "") != entry_name("debian_12", ""));
  CHECK(entry_name("/a.tar", "1") != entry_name("/a.tar", "2"));
  const auto name = entry_name("docker://" + std::string(500, 'x') + "/..", "");
  CHECK(name.size() < 120);
  CHECK(name.find('/') == name.npos);
}

TEST_CASE("what fetches an image gets reference, entry and credentials as words of their own") {
  auto image = image_of("team/tool:1");
  image.auth = "/auth.json";
  const auto by_podman = mapping::fetch_arguments(Unpacker::podman, image, "/c/e", true);
  CHECK(std::vector(by_podman.end() - 3, by_podman.end()) ==
        std::vector<std::string>{"docker://team/tool:1", "/c/e", "/auth.json"});
  const auto by_charliecloud =
      mapping::fetch_arguments(Unpacker::charliecloud, image, "/c/e", true);
  CHECK(by_charliecloud.at(4) == "team/tool:1");
  const auto tar = image_of("/a b.tar");
  CHECK(mapping::fetch_arguments(Unpacker::tar, tar, "/c/e", true).at(4) == "/a b.tar");
  CHECK_THAT(mapping::fetch_arguments(Unpacker::tar, tar, "/c/e", false).at(2),
             Contains("--no-same-owner"));
}

TEST_CASE("the images that were used longest ago go, and none that is in use") {
  const std::vector<mapping::CacheEntry> entries{{"new", mebibytes(10), 9, false},
                                                 {"busy", mebibytes(10), 1, true},
                                                 {"old", mebibytes(10), 2, false},
                                                 {"older", mebibytes(5), 1, false}};
  using Names = std::vector<std::string>;
  CHECK(mapping::beyond_limit(entries, mebibytes(35)) == Names{});
  CHECK(mapping::beyond_limit(entries, mebibytes(34)) == Names{"older"});
  CHECK(mapping::beyond_limit(entries, mebibytes(20)) == Names{"older", "old"});
  CHECK(mapping::beyond_limit(entries, mebibytes(1)) == Names{"older", "old", "new"});
}

TEST_CASE("a job sees its folders, and nothing of the node's system") {
  model::LaunchOrder order{.key = {model::JobId(7), 1, {}}};
  auto job = std::make_shared<model::JobSpec>();
  job->work_dir = "/home/ann/work/";
  job->environment["HOME"] = "/home/ann";
  job->preparation.mounts.push_back(*model::mount_from_text("bind:/x:/usr"));
  job->preparation.mounts.push_back(*model::mount_from_text("bind:/x:inner"));
  job->preparation.mounts.push_back(*model::mount_from_text("bind:/x:/data"));
  order.job = job;
  order.controller = "unix:/c/api.sock";
  order.head_address = "unix:/c/run/7.sock";
  order.containers.binds = {"/data", "/scratch"};
  mapping::LaunchPlace place;
  place.shared_tmp = "/shared/tmp";
  CHECK(mapping::shared_folders(order, place, "/n/launches") ==
        std::vector<std::string>{"/c", "/c/run", "/data", "/home/ann", "/home/ann/work",
                                 "/n/launches", "/scratch", "/shared/tmp"});
}

TEST_CASE("libraries of the driver and of our programs are found in what the tools print") {
  CHECK(mapping::driver_libraries(
            "712 libs found in cache\n"
            "\tlibz.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libz.so.1\n"
            "\tlibnvidia-ml.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libnvidia-ml.so.1\n"
            "\tlibcuda.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libcuda.so.1\n"
            "\tlibcuda.so.1 (libc6,x86-64) => /usr/local/cuda/compat/libcuda.so.1\n"
            "\tlibcuda.so.1 (libc6) => /lib/i386-linux-gnu/libcuda.so.1\n"
            "\tlibcudart.so.12 (libc6,x86-64) => /usr/local/cuda/lib64/libcudart.so.12\n") ==
        std::vector<std::string>{"/lib/x86_64-linux-gnu/libnvidia-ml.so.1",
                                 "/lib/x86_64-linux-gnu/libcuda.so.1"});
  CHECK(mapping::loaded_libraries("\tlinux-vdso.so.1 (0x00007ffd)\n"
                                  "\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f)\n"
                                  "\tlibgone.so => not found\n"
                                  "\t/lib64/ld-linux-x86-64.so.2 (0x00007f4)\n"
                                  "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n") ==
        std::vector<std::string>{"/lib/x86_64-linux-gnu/libm.so.6",
                                 "/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"});
}

TEST_CASE("variables of the image win over those that came with the job") {
  model::Environment environment{{"PATH", "/usr/bin"}, {"A", "1"}};
  mapping::add_image_environment("PATH=/opt/bin:/bin\n# no\n=x\nnonsense\nB=a=b\n", environment);
  CHECK(environment == model::Environment{{"A", "1"}, {"B", "a=b"}, {"PATH", "/opt/bin:/bin"}});
  mapping::add_driver_folder(environment);
  CHECK(environment["PATH"] == "/opt/bin:/bin:/.muster-gpu");
  CHECK(environment["LD_LIBRARY_PATH"] == "/.muster-gpu");
}
