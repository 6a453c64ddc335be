#include "lib/loop/process.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>

#include "lib/base/text.h"
#include "lib/loop/files.h"
#include "lib/loop/process_table.h"
#include "tests/support/catch.h"
#include "tests/support/loop_fixture.h"

using loop_test::Fixture;

namespace {

loop::SpawnOptions shell(const std::string& script) {
  loop::SpawnOptions options;
  options.program = "/bin/sh";
  options.arguments = {"sh", "-c", script};
  options.environment = {"PATH=/usr/bin:/bin"};
  return options;
}

loop::ExitStatus run(Fixture& fixture, const loop::SpawnOptions& options) {
  std::optional<loop::ExitStatus> status;
  const auto process =
      loop::Process::spawn(fixture.loop, options, [&](const loop::ExitStatus& ended) {
        status = ended;
        fixture.loop.stop();
      });
  REQUIRE(process.has_value());
  fixture.run();
  REQUIRE(status.has_value());
  CHECK_FALSE(process->is_running());
  CHECK(process->signal(0).error().code == base::Code::not_found);
  return *status;
}

std::string output_of(Fixture& fixture, loop::SpawnOptions options) {
  options.output = loop::OutputFile{.path = fixture.path("out")};
  CHECK(run(fixture, options).code == 0);
  return *loop::read_file(fixture.path("out"), 100'000);
}

std::ptrdiff_t n_open_fds() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

}  // namespace

TEST_CASE("a child's exit code and use of the machine are told") {
  Fixture fixture;
  const auto status = run(fixture, shell("exit 7"));
  CHECK(status.code == 7);
  CHECK(status.signal == 0);
  CHECK(status.peak_memory > base::Bytes(100'000));
}

TEST_CASE("a child ended by a signal says which") {
  Fixture fixture;
  const auto status = run(fixture, shell("kill -KILL $$"));
  CHECK(status.code == 0);
  CHECK(status.signal == SIGKILL);
}

TEST_CASE("a running child can be signalled, alone or with its session") {
  Fixture fixture;
  for (const bool is_group : {false, true}) {
    auto options = shell("sleep 1000 & wait");
    options.new_session = true;
    std::optional<loop::ExitStatus> status;
    const auto process = loop::Process::spawn(fixture.loop, options, [&](const auto& ended) {
      status = ended;
      fixture.loop.stop();
    });
    REQUIRE(process.has_value());
    CHECK(loop::read_process(process->pid())->session == process->pid());
    if (is_group) {
      REQUIRE(process->signal_group(SIGTERM).has_value());
    } else {
      REQUIRE(process->signal(SIGTERM).has_value());
      killpg(process->pid(), SIGKILL);  // the shell's child, if it was there already
    }
    fixture.run();
    CHECK((status->signal == SIGTERM || status->signal == SIGKILL));
  }
}

TEST_CASE("a program that cannot run is refused with the reason") {
  Fixture fixture;
  const auto write = [&](const std::string& name, const std::string& text, mode_t mode) {
    REQUIRE(loop::write_file_atomic(fixture.path(name), text, {.mode = mode}).has_value());
    return fixture.path(name);
  };
  struct Case {
    std::string program;
    std::string directory;
    base::Code code;
    std::string text;
  };
  const std::vector<Case> cases{
      {fixture.path("none"), "", base::Code::not_found, "none': No such file"},
      {write("plain", "x", 0644), "", base::Code::denied, "Permission denied"},
      {write("no-shebang", "exit 0\n", 0755), "", base::Code::invalid, "begins with #!"},
      {write("bad-shebang", "#!/none\n", 0755), "", base::Code::not_found, "interpreter"},
      {"/bin/true", fixture.path("no-folder"), base::Code::not_found, "cannot enter the folder"},
  };
  for (const auto& item : cases) {
    loop::SpawnOptions options;
    options.program = item.program;
    options.directory = item.directory;
    const auto process = loop::Process::spawn(fixture.loop, options, [](const auto&) {});
    REQUIRE_FALSE(process.has_value());
    CHECK(process.error().code == item.code);
    CHECK_THAT(process.error().text, Catch::Contains(item.text));
  }
  auto options = shell("true");
  options.output = loop::OutputFile{.path = fixture.path("no-folder/out")};
  const auto process = loop::Process::spawn(fixture.loop, options, [](const auto&) {});
  CHECK_THAT(process.error().text, Catch::Contains("no-folder/out"));
}

TEST_CASE("a child gets the environment, folder and arguments it was given, and no others") {
  Fixture fixture;
  auto options = shell("pwd; env | grep -v ^_= | sort; echo $0 $1");
  options.arguments.insert(options.arguments.end(), {"zero", "one"});
  options.environment = {"PATH=/usr/bin:/bin", "COLOUR=red"};
  options.directory = fixture.folder();
  CHECK(output_of(fixture, options) == fixture.folder() + "\nCOLOUR=red\nPATH=/usr/bin:/bin\nPWD=" +
                                           fixture.folder() + "\nzero one\n");
}

TEST_CASE("standard streams come from files and error may follow output") {
  Fixture fixture;
  std::ofstream(fixture.path("in")) << "line\n";
  auto options = shell("cat; echo oops >&2");
  options.input = loop::InputFile{fixture.path("in")};
  options.error = loop::SameAsOutput{};
  CHECK(output_of(fixture, options) == "line\noops\n");
  options.output = loop::OutputFile{.path = fixture.path("out"), .append = true};
  run(fixture, options);
  CHECK(*loop::read_file(fixture.path("out"), 100) == "line\noops\nline\noops\n");
}

TEST_CASE("extra descriptors start at 3, in order, and all others are closed") {
  Fixture fixture;
  int ends[2];
  REQUIRE(pipe(ends) == 0);  // not close-on-exec, on purpose
  auto options = shell(
      "echo three >&3; echo four >&4; "
      "for n in 0 1 2 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$n ] || printf '%s ' $n; done");
  const int other = open(fixture.path("other").c_str(), O_WRONLY | O_CREAT, 0600);
  options.extra_fds = {ends[1], other};
  CHECK(output_of(fixture, options) == "0 1 2 3 4 ");
  char got[16]{};
  CHECK(read(ends[0], got, sizeof(got)) == 6);
  CHECK(std::string(got) == "three\n");
  CHECK(*loop::read_file(fixture.path("other"), 100) == "four\n");
  close(ends[0]);
  close(ends[1]);
  close(other);
}

TEST_CASE("a child has default signal handlers and an empty mask") {
  Fixture fixture;
  sigset_t blocked;
  sigset_t before;
  sigfillset(&blocked);
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  const auto text = output_of(fixture, shell("cat /proc/self/status"));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK_THAT(text, Catch::Contains("\nSigBlk:\t0000000000000000\n"));
  // 32 and 33 belong to the C library, which leaves them ignored.
  CHECK_THAT(text, Catch::Contains("\nSigIgn:\t0000000180000000\n") ||
                       Catch::Contains("\nSigIgn:\t0000000000000000\n"));
  CHECK_THAT(text, Catch::Contains("\nSigCgt:\t0000000000000000\n"));
}

TEST_CASE("a child is bound to the cores it was given, and its parent is not") {
  Fixture fixture;
  cpu_set_t mine;
  REQUIRE(sched_getaffinity(0, sizeof(mine), &mine) == 0);
  int core = 0;
  while (!CPU_ISSET(static_cast<std::size_t>(core), &mine)) ++core;
  auto options = shell("grep Cpus_allowed_list /proc/self/status");
  options.cores = {core};
  CHECK(output_of(fixture, options) == "Cpus_allowed_list:\t" + std::to_string(core) + "\n");
  cpu_set_t after;
  REQUIRE(sched_getaffinity(0, sizeof(after), &after) == 0);
  CHECK(CPU_EQUAL(&mine, &after));
}

TEST_CASE("200 children leave neither a zombie nor a descriptor") {
  Fixture fixture;
  const auto n_before = n_open_fds();
  int n_ended = 0;
  {
    std::vector<loop::Process> processes;
    loop::SpawnOptions options;
    options.program = "/bin/true";
    for (int i = 0; i < 200; ++i) {
      auto process = loop::Process::spawn(fixture.loop, options, [&](const auto& status) {
        CHECK(status.code == 0);
        if (++n_ended == 200) fixture.loop.stop();
      });
      REQUIRE(process.has_value());
      processes.push_back(std::move(*process));
    }
    fixture.run();
  }
  CHECK(n_ended == 200);
  CHECK(n_open_fds() == n_before);
  for (const auto& entry : loop::list_processes()) {
    CHECK_FALSE((entry.is_zombie && entry.parent == getpid()));
  }
}

TEST_CASE("a process may be destroyed in its own callback, and a forgotten child is reaped later") {
  Fixture fixture;
  std::optional<loop::Process> process;
  auto spawned = loop::Process::spawn(fixture.loop, shell("exit 0"), [&](const auto&) {
    process.reset();
    fixture.loop.stop();
  });
  process.emplace(std::move(*spawned));
  pid_t forgotten = 0;
  {
    const auto other = loop::Process::spawn(fixture.loop, shell("exit 0"),
                                            [](const auto&) { FAIL("nobody is to be told"); });
    forgotten = other->pid();
  }
  fixture.run();
  CHECK_FALSE(process.has_value());
  for (int i = 0; i < 1000 && loop::read_process(forgotten).has_value(); ++i) {
    run(fixture, shell("exit 0"));
  }
  CHECK_FALSE(loop::read_process(forgotten).has_value());
}

TEST_CASE("a process that is no child is watched by number and start time") {
  Fixture fixture;
  // The shell ends at once; its child lives on as somebody else's.
  const auto text = output_of(fixture, shell("sleep 1000 > /dev/null & echo $!"));
  const auto pid = static_cast<pid_t>(*base::parse_int(base::trim(text), 1, INT32_MAX));
  const auto start_time = loop::process_start_time(pid);
  REQUIRE(start_time.has_value());
  CHECK(loop::read_process(pid)->parent != getpid());

  const auto wrong = loop::ProcessWatch::open(fixture.loop, pid, *start_time + 1, [] {});
  CHECK(wrong.error().code == base::Code::not_found);

  bool is_gone = false;
  std::optional<loop::ProcessWatch> watch;
  auto opened = loop::ProcessWatch::open(fixture.loop, pid, *start_time, [&] {
    is_gone = true;
    watch.reset();
    fixture.loop.stop();
  });
  REQUIRE(opened.has_value());
  watch.emplace(std::move(*opened));
  REQUIRE(watch->signal(SIGKILL).has_value());
  fixture.run();
  CHECK(is_gone);
}

TEST_CASE("the process table knows this process and its environment") {
  const auto self = loop::read_process(getpid());
  REQUIRE(self.has_value());
  CHECK(self->parent == getppid());
  CHECK(self->group == getpgrp());
  CHECK(self->session == getsid(0));
  CHECK_FALSE(self->is_zombie);
  CHECK(std::ranges::count(loop::list_processes(), getpid(), &loop::ProcessEntry::pid) == 1);
  CHECK(loop::read_process(INT32_MAX).error().code == base::Code::not_found);

  Fixture fixture;
  auto options = shell("read line");
  options.environment = {"MUSTER_LAUNCH_ID=17.1.0"};
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  options.input = loop::Descriptor{ends[0]};
  const auto process =
      loop::Process::spawn(fixture.loop, options, [&](const auto&) { fixture.loop.stop(); });
  // The environment can be seen a moment after posix_spawn has returned.
  auto launch = loop::process_environment(process->pid(), "MUSTER_LAUNCH_ID");
  for (int i = 0; i < 100'000 && !launch; ++i) {
    launch = loop::process_environment(process->pid(), "MUSTER_LAUNCH_ID");
  }
  REQUIRE(launch.has_value());
  CHECK(*launch == "17.1.0");
  CHECK(loop::process_environment(process->pid(), "MUSTER").error().code == base::Code::not_found);
  close(ends[0]);
  close(ends[1]);
  fixture.run();
  CHECK(loop::boot_id()->size() == 36);
}
