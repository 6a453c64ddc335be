#include "conf/config.h"
#include "conf/document.h"
#include "conf/table.h"
#include "lib/base/text.h"
#include "tests/support/catch.h"

using base::Bytes;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view every_key = R"(
[cluster]
name = "big"
dir = "/var/lib/m"
users = "all"
[listen]
agents = "tls:0.0.0.0:7443"
address = "head:7443"
[scheduler]
kill_grace = "30s"
heartbeat = "1s"
node_timeout = "1.5m"
requeue_limit = 0
requeue_backoff = "0s"
order = "wfp3"
reservations = 100
backfill_order = "sjf"
default_class = "low"
fair_share = 5
fair_share_half_life = "1d"
size_weight = 3
foreign_names = "refuse"
[limits]
queued_jobs = 10
jobs_kept = 0
suspect_after = 4
gpu_idle_notice = "5m"
gpu_idle_action = "cancel"
script = "1M"
request = "2M"
connections = 8
launch_log = "3M"
event_backlog = "4M"
[log]
level = "debug"
format = "json"
[[pool]]
name = "a"
nodes = 3
cpus_per_node = 64
gpus_per_node = 8
memory_per_node = "256G"
[[pool]]
name = "b"
provider = "local"
cpus_per_node = 1
[[class]]
name = "low"
base = -5000
max_preemptions = 0
[[class]]
name = "high"
base = 5000
preempts = ["low"]
grace = "2m"
users = ["ann", "bob"]
yields = false
[[workspace]]
name = "physics"
shares = 3
users = ["ann"]
)";

constexpr std::string_view one_pool = "[[pool]]\nname = \"p\"\ncpus_per_node = 2\n";

std::string error_of(std::string_view text) {
  const auto config = conf::read_text(text, "m.toml");
  return config ? "" : config.error().text;
}

/// The error of a file that also has a pool.
std::string error_with_pool(std::string_view text) {
  return error_of(std::string(text) + "\n" + std::string(one_pool));
}

}  // namespace

TEST_CASE("a file with one pool gets every default") {
  const auto config = conf::read_text(one_pool, "/etc/muster/m.toml");
  REQUIRE(config.has_value());
  CHECK(config->cluster.name == "local");
  CHECK(config->cluster.dir == "/etc/muster");
  CHECK(config->scheduler.kill_grace == 10s);
  CHECK(config->scheduler.node_timeout == 60s);
  CHECK(config->scheduler.heartbeat == 5s);
  CHECK(config->scheduler.requeue_limit == 5);
  CHECK(config->limits.queued_jobs == 1'000'000);
  CHECK(config->limits.script == base::Bytes(4 << 20));
  CHECK(config->log.level == "info");
  REQUIRE(config->pools.size() == 1);
  CHECK(config->pools[0] == conf::Pool{"p", "local", 1, 2, 0, std::nullopt});
}

TEST_CASE("every key of the table can be set") {
  const auto config = conf::read_text(every_key, "m.toml");
  REQUIRE(config.has_value());
  CHECK(config->cluster == conf::Cluster{"big", "/var/lib/m", "", "all"});
  CHECK(config->scheduler == conf::Scheduler{30s, 1s, 90s, 0, 0s, "wfp3", 100, "sjf", "low", 5, 24h,
                                             3, "refuse", 30min});
  CHECK(config->limits == conf::Limits{10, 0, Bytes(1 << 20), Bytes(2 << 20), 8, Bytes(3 << 20),
                                       Bytes(4 << 20), 0, 4, 5min, "cancel"});
  CHECK(config->log == conf::Log{"debug", "json"});
  REQUIRE(config->pools.size() == 2);
  CHECK(config->pools[0] == conf::Pool{"a", "local", 3, 64, 8, base::Bytes(256ULL << 30)});
  REQUIRE(config->classes.size() == 2);
  CHECK(config->classes[0] == conf::Class{"low", -5000, {}, 30s, 0, {}});
  CHECK(config->classes[1] == conf::Class{"high", 5000, {"low"}, 2min, 5, {"ann", "bob"}, false});
  REQUIRE(config->workspaces.size() == 1);
  CHECK(config->workspaces[0] == conf::Workspace{"physics", 3, {"ann"}});
}

TEST_CASE("a pool says what goes around jobs on its nodes") {
  const auto config = conf::read_text(
      std::string(one_pool) +
          "prolog = '/site/prolog'\nprolog_timeout = '5s'\nepilog = '/site/epilog'\n"
          "epilog_timeout = '2m'\n[limits]\nmax_prolog_failures = 5\n",
      "m.toml");
  REQUIRE(config.has_value());
  CHECK(config->pools[0].prolog == "/site/prolog");
  CHECK(config->pools[0].prolog_timeout == 5s);
  CHECK(config->pools[0].epilog == "/site/epilog");
  CHECK(config->pools[0].epilog_timeout == 2min);
  CHECK(config->limits.max_prolog_failures == 5);
  CHECK(conf::defaults().limits.max_prolog_failures == 3);
}

TEST_CASE("a pool says what is done so that its nodes are fit for work") {
  const auto config = conf::read_text(std::string(one_pool) +
                                          "setup = '/site/setup --all'\nsetup_timeout = '90s'\n"
                                          "setup_tries = 5\nsetup_pause = '1s'\n"
                                          "setup_heal = '1h'\nhealth = 'look'\nchecks = true\n"
                                          "free_disk = '2G'\nfree_memory = '1G'\n"
                                          "health_interval = '1m'\nhealth_timeout = '5s'\n"
                                          "mounts = ['nfs:fs1:/data:/data:ro', 'tmpfs::/fast']\n"
                                          "mount_timeout = '5s'\n",
                                      "m.toml");
  REQUIRE(config.has_value());
  const auto& pool = config->pools[0];
  CHECK(pool.setup == "/site/setup --all");
  CHECK(pool.setup_timeout == 90s);
  CHECK(pool.setup_tries == 5);
  CHECK(pool.setup_pause == 1s);
  CHECK(pool.setup_heal == 1h);
  CHECK(pool.health == "look");
  CHECK(pool.checks);
  CHECK(pool.free_disk == Bytes(2ULL << 30));
  CHECK(pool.free_memory == Bytes(1ULL << 30));
  CHECK(pool.health_interval == 1min);
  CHECK(pool.health_timeout == 5s);
  CHECK(pool.mounts == std::vector<std::string>{"nfs:fs1:/data:/data:ro", "tmpfs::/fast"});
  CHECK(pool.mount_timeout == 5s);
  CHECK(error_of(std::string(one_pool) + "setup_tries = 0\n").find("setup_tries") !=
        std::string::npos);
}

TEST_CASE("what a pool mounts is checked, and at a place that is the same for all") {
  const auto error_of_mounts = [](std::string_view list) {
    return error_of(std::string(one_pool) + "mounts = " + std::string(list) + "\n");
  };
  CHECK(error_of_mounts("['nfs:fs1:/data:data']").find("expected a target that is an absolute") !=
        std::string::npos);
  CHECK(error_of_mounts("['ext4:/dev/sda:/data']").find("'pool.mounts': 'ext4:/dev/sda:/data'") !=
        std::string::npos);
  CHECK(error_of_mounts("['overlay:/data:/data']").find("for one job's changes") !=
        std::string::npos);
  CHECK(error_of_mounts("['tmpfs::/a', 'tmpfs::/a']").find("a second mount at '/a'") !=
        std::string::npos);
  CHECK(error_of_mounts("'tmpfs::/a'").find("expected a list of texts") != std::string::npos);
}

TEST_CASE("classes that are named must be there") {
  CHECK(error_with_pool("[[class]]\nname = 'normal'\npreempts = ['lwo']\n")
            .ends_with("'class.preempts': there is no class 'lwo'; known are normal"));
  CHECK(error_with_pool("[[class]]\nname = 'a'\n") ==
        "m.toml: 'scheduler.default_class': there is no class 'normal'; known are a");
  CHECK(error_with_pool("scheduler.default_class = 'urgnt'\n").find("did you mean 'urgent'?") !=
        std::string::npos);
  CHECK(error_with_pool("[[class]]\nname = 'normal'\nusers = 'ann'\n")
            .find("expected a list of names such as [\"one\", \"two\"], found \"ann\"") !=
        std::string::npos);
}

TEST_CASE("the state directory starts at the file's folder") {
  const auto dir_of = [](std::string_view name, std::string_view dir) {
    const auto text = dir.empty()
                          ? std::string(one_pool)
                          : "cluster.dir = '" + std::string(dir) + "'\n" + std::string(one_pool);
    return conf::read_text(text, name)->cluster.dir;
  };
  CHECK(dir_of("m.toml", "") == ".");
  CHECK(dir_of("/m.toml", "") == "/");
  CHECK(dir_of("/a/b/m.toml", "state") == "/a/b/state");
  CHECK(dir_of("/a/b/m.toml", "/state") == "/state");
}

TEST_CASE("a mistake names file, line, key, what was found and what was expected") {
  CHECK(error_with_pool("[scheduler]\nkill_grace = 10") ==
        "m.toml: line 2: 'scheduler.kill_grace': expected a duration such as \"10s\", from 0s to "
        "1h, found 10");
  CHECK(error_with_pool("[scheduler]\nkill_grace = \"2h\"") ==
        "m.toml: line 2: 'scheduler.kill_grace': expected a duration such as \"10s\", from 0s to "
        "1h, found \"2h\"");
  CHECK(error_with_pool("[log]\n\nlevel = \"verbose\"") ==
        "m.toml: line 3: 'log.level': expected error, warn, info or debug, found \"verbose\"");
  CHECK(error_with_pool("[limits]\nqueued_jobs = 1.5") ==
        "m.toml: line 2: 'limits.queued_jobs': expected a whole number, from 1 to 100000000, found "
        "1.5");
  CHECK(error_with_pool("[limits]\nscript = \"huge\"") ==
        "m.toml: line 2: 'limits.script': expected a size such as \"4M\", from 1K to 256M, found "
        "\"huge\"");
  CHECK(error_with_pool("[cluster]\nname = \"a b\"") ==
        "m.toml: line 2: 'cluster.name': expected a name of letters, digits, '-', '_' and '.', "
        "found \"a b\"");
  CHECK(error_with_pool("limits.connections = true") ==
        "m.toml: line 1: 'limits.connections': expected a whole number, from 8 to 1000000, found "
        "true");
}

TEST_CASE("unknown names come with the nearest known one") {
  CHECK(error_with_pool("[scheduler]\nkill_grase = \"1s\"") ==
        "m.toml: line 2: 'scheduler.kill_grase': unknown key; did you mean 'kill_grace'?");
  CHECK(error_with_pool("[schedular]\n") ==
        "m.toml: line 1: unknown section 'schedular'; did you mean 'scheduler'?");
  CHECK(error_with_pool("[log]\nwhere = 1") ==
        "m.toml: line 2: 'log.where': unknown key; known are level, format");
}

TEST_CASE("all mistakes of a file are reported, by line") {
  const auto text = error_of(R"([log]
format = "xml"
[scheduler]
heartbeat = true
[[pool]]
name = "p"
nodes = 0
[[pool]]
name = "p"
cpus_per_node = 1
)");
  const auto lines = base::split(text, '\n');
  REQUIRE(lines.size() == 5);
  CHECK(lines[0].starts_with("m.toml: line 2: 'log.format'"));
  CHECK(lines[1].starts_with("m.toml: line 4: 'scheduler.heartbeat'"));
  CHECK(lines[2] ==
        "m.toml: line 5: 'pool.cpus_per_node': missing; expected a whole number, from 1 to 65536");
  CHECK(lines[3].starts_with("m.toml: line 7: 'pool.nodes'"));
  CHECK(lines[4].starts_with("m.toml: line 8: 'pool.name': a second pool named 'p'"));
}

TEST_CASE("pools must be there, and in two brackets") {
  CHECK(error_of("") == "m.toml: no [[pool]]; expected one or more");
  CHECK(error_of("pool = []") ==
        "m.toml: line 1: 'pool': expected one [[pool]] or more, found none");
  CHECK(error_of("[pool]\nname = 'p'") ==
        "m.toml: line 1: 'pool': expected [[pool]] with two brackets, found [pool]");
  CHECK(error_of("pool = [1]") == "m.toml: line 1: 'pool': expected [[pool]], found 1");
  CHECK(error_of("log = 3\n[[pool]]\nname='p'\ncpus_per_node=1") ==
        "m.toml: line 1: 'log': expected the section [log], found 3");
}

TEST_CASE("two keys that contradict each other are a mistake") {
  CHECK(error_with_pool("[scheduler]\nheartbeat = \"2m\"") ==
        "m.toml: line 2: 'scheduler.node_timeout': expected more than scheduler.heartbeat (2m), "
        "found \"1m\"");
  CHECK(error_with_pool("[limits]\nscript = \"8M\"") ==
        "m.toml: line 2: 'limits.request': expected more than limits.script (8M), found \"8M\"");
}

TEST_CASE("machines dial in by TLS or not at all") {
  constexpr std::string_view pool = "[[pool]]\nname = \"m\"\nprovider = \"static\"\n";
  const auto read = [&](const std::string& more) {
    return conf::read_text(more + std::string(pool), "f");
  };
  const auto config = read("[listen]\nagents = \"tls:[::]:7443\"\naddress = \"head:7443\"\n");
  REQUIRE(config.has_value());
  CHECK(config->listen.agents == "tls:[::]:7443");
  CHECK(config->listen.address == "head:7443");
  CHECK(config->pools.front().nodes == 0);
  CHECK(config->pools.front().provider == "static");
  CHECK(read("").error().text ==
        "f: line 3: 'pool.provider': the machines of a static pool dial in; expected "
        "listen.agents, such as \"tls:0.0.0.0:7443\"");
  for (const char* wrong : {"tcp:0.0.0.0:7443", "0.0.0.0:7443", "unix:/x", "tls:host", "tls::1",
                            "tls:::1:7443", "tls:a,b:1", "tls:host:70000"}) {
    INFO(wrong);
    const auto refused = read("[listen]\nagents = \"" + std::string(wrong) + "\"\n");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().text.starts_with(
        "f: line 2: 'listen.agents': expected \"tls:HOST:PORT\", found \"" + std::string(wrong) +
        "\""));
  }
  CHECK(read("[listen]\nagents = \"tls:h:1\"\naddress = \"h\"\n").error().text ==
        "f: line 3: 'listen.address': expected \"HOST:PORT\", found \"h\"");
  const auto counted =
      conf::read_text("[listen]\nagents = \"tls:h:1\"\n" + std::string(pool) + "nodes = 4\n", "f");
  CHECK(counted.error().text ==
        "f: line 6: 'pool.nodes': the machines of a static pool say themselves what they have; "
        "leave it out");
}

TEST_CASE("a pool whose nodes a program makes says which, and what they will be") {
  const std::string listen = "[listen]\nagents = \"tls:[::]:7443\"\n";
  const std::string pool = "[[pool]]\nname = 'c'\nprovider = 'exec'\ncpus_per_node = 8\n";
  const auto config = conf::read_text(listen + pool + R"(max_nodes = 20
memory_per_node = '30G'
program = "/opt/machines 'in a zone'"
program_timeout = '90s'
[pool.options]
image = "debian \"12\""
zones = [1, 2]
spot = true
price = 0.5
since = 2026-01-02
more = { a = "b\tc" }
)",
                                      "f");
  REQUIRE(config.has_value());
  const auto& read = config->pools.front();
  CHECK(read.has_program());
  CHECK(read.program == "/opt/machines 'in a zone'");
  CHECK(read.program_timeout == 90s);
  CHECK(read.reconcile_interval == 1min);
  CHECK(read.options ==
        R"({"image":"debian \"12\"","more":{"a":"b\u0009c"},"price":0.5,"since":"2026-01-02",)"
        R"("spot":true,"zones":[1,2]})");
  CHECK(conf::place_name(read, 3) == "c-3");
  CHECK(conf::has_place(read, "c-20"));
  for (const char* other : {"c-21", "c-0", "c-03", "c-", "c", "c-1-1", "d-1"})
    CHECK_FALSE(conf::has_place(read, other));

  CHECK(error_of(pool + "memory_per_node = '1G'\n") ==
        "m.toml: line 3: 'pool.program': expected the program that makes the nodes, such as "
        "\"/usr/local/bin/machines\", or one that comes with Muster, such as \"azure\"\n"
        "m.toml: line 3: 'pool.provider': the machines of provider = \"exec\" dial in; expected "
        "listen.agents, such as \"tls:0.0.0.0:7443\"");
  CHECK(error_of(listen + pool + "program = 'azure'\n") ==
        "m.toml: line 5: 'pool.memory_per_node': missing; provider = \"exec\" makes machines, "
        "whose memory must be known before they are there");
  CHECK(error_of(listen + pool + "memory_per_node = '1G'\nprogram = \"a 'b\"\n") ==
        "m.toml: line 8: 'pool.program': a ' without its partner");
  CHECK(error_of("[[pool]]\nname = 'p'\ncpus_per_node = 1\noptions = { a = 1 }\n") ==
        "m.toml: line 4: 'pool.options': only for provider = \"exec\" or \"slurm\"; this pool has "
        "\"local\"");
  CHECK(error_of(listen + pool + "program = 'x'\nmemory_per_node = '1G'\noptions = 3\n") ==
        "m.toml: line 9: 'pool.options': expected a table, found 3");
  const auto rest = "provider = 'exec'\ncpus_per_node = 8\nmemory_per_node = '1G'\nprogram = 'x'\n";
  const auto two = [&](const std::string& first, const std::string& second) {
    return error_of(listen + "[[pool]]\nname = '" + first + "'\n" + rest + "[[pool]]\nname = '" +
                    second + "'\n" + rest);
  };
  CHECK(two("c_1", "C-1") ==
        "m.toml: line 10: 'pool.name': for clouds 'C-1' is the same name as 'c_1', which take "
        "letters of one case, digits and hyphens; expected one that differs in more");
  CHECK(two("c_1", "c-2").empty());
  const auto slurm = conf::read_text(
      listen +
          "[[pool]]\nname = 's'\nprovider = 'slurm'\ncpus_per_node = 8\nmax_nodes = 2\n"
          "memory_per_node = '1G'\nnode_life = '4h'\n",
      "f");
  REQUIRE(slurm.has_value());
  CHECK(slurm->pools.front().node_life == 4h);
  CHECK(slurm->pools.front().program == "slurm");
}

TEST_CASE("a pool has a number of nodes, or bounds") {
  const std::string pool = "[[pool]]\nname = 'p'\ncpus_per_node = 1\n";
  const auto bounds = conf::read_text(pool + "min_nodes = 1\nmax_nodes = 4\n", "m.toml");
  REQUIRE(bounds.has_value());
  CHECK(bounds->pools[0].min_nodes == 1);
  CHECK(bounds->pools[0].nodes == 4);
  const auto elastic = conf::read_text(pool + "max_nodes = 4\nidle_timeout = '90s'\n", "m.toml");
  REQUIRE(elastic.has_value());
  CHECK(elastic->pools[0].min_nodes == 0);
  CHECK(elastic->pools[0].idle_timeout == 90s);
  CHECK(error_of(pool + "nodes = 2\nmax_nodes = 4\n") ==
        "m.toml: line 4: 'pool.nodes': expected either nodes, or min_nodes and max_nodes");
  CHECK(error_of(pool + "min_nodes = 2\n") ==
        "m.toml: line 4: 'pool.min_nodes': expected max_nodes beside it");
  CHECK(error_of(pool + "min_nodes = 5\nmax_nodes = 4\n") ==
        "m.toml: line 4: 'pool.min_nodes': expected at most max_nodes (4), found 5");
}

TEST_CASE("text that is not TOML is reported with its line") {
  CHECK(error_of("[log]\nlevel = \n").starts_with("m.toml: line 2: "));
  CHECK(error_of("[log]\nlevel = 'a'\nlevel = 'b'\n").starts_with("m.toml: line 3: "));
  CHECK(error_of(std::string_view("a\0b", 3)).starts_with("m.toml: line 1: "));
  CHECK(error_of("\xff\xfe").starts_with("m.toml: line 1: "));
}

TEST_CASE("a file that cannot be read is an error of its own") {
  const auto missing = conf::read_file("/nonexistent/m.toml");
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == base::Code::not_found);
  CHECK_FALSE(conf::read_file("/").has_value());
}

TEST_CASE("what is written is read back") {
  const std::vector<conf::Pool> pools{{"default", "local", 4, 2, 1, base::Bytes(3 << 20)},
                                      {"x", "local", 1, 1, 0, std::nullopt}};
  const auto config = conf::read_text(conf::write_text(pools), "m.toml");
  REQUIRE(config.has_value());
  CHECK(config->pools == pools);
}

TEST_CASE("the sample has every key and is a valid file") {
  const auto sample = conf::sample_text();
  for (const auto& key : conf::keys()) {
    CHECK(sample.find(std::string(key.name) + " = ") != std::string::npos);
  }
  const auto config = conf::read_text(sample, "m.toml");
  REQUIRE(config.has_value());
  CHECK(config->scheduler == conf::defaults().scheduler);
  CHECK(config->limits == conf::defaults().limits);
}

TEST_CASE("a generated part replaces what lies between its marks") {
  const auto page = conf::with_generated_part(
      "a\n.\\\" Generated from x.\nold\n.\\\" End of generated part.\nz\n", "new\n");
  REQUIRE(page.has_value());
  CHECK(*page == "a\n.\\\" Generated from x.\nnew\n.\\\" End of generated part.\nz\n");
  CHECK_FALSE(conf::with_generated_part("no marks", "x").has_value());
}

TEST_CASE("plain text becomes harmless mdoc") {
  CHECK(conf::mdoc_text("One. Two.") == "One.\nTwo.");
  CHECK(conf::mdoc_text(".so x") == "\\&.so x");
  CHECK(conf::mdoc_text("a\\b --pool -p x-y") == "a\\eb \\-\\-pool \\-p x-y");
}

TEST_CASE("features, switches and licenses are read, and lists of nodes are opened") {
  const auto config = conf::read_text(R"([[pool]]
name = "a"
cpus_per_node = 4
features = ["ib"]
reservations = 0
[[node]]
names = ["n[2-3]", "n1"]
features = ["bigmem"]
[[switch]]
name = "top"
switches = ["leaf"]
[[switch]]
name = "leaf"
nodes = ["n[1-2]"]
[[license]]
name = "solver"
count = 3
)",
                                      "m.toml");
  REQUIRE(config.has_value());
  CHECK(config->pools[0].features == std::vector<std::string>{"ib"});
  CHECK(config->pools[0].reservations == 0);
  REQUIRE(config->node_groups.size() == 1);
  CHECK(config->node_groups[0].names == std::vector<std::string>{"n1", "n2", "n3"});
  REQUIRE(config->switches.size() == 2);
  CHECK(config->switches[1] == conf::Switch{"leaf", {"n1", "n2"}, {}});
  CHECK(config->licenses == std::vector<conf::License>{{"solver", 3}});
}

TEST_CASE("switches that make no tree are mistakes with their lines") {
  const auto config = conf::read_text(R"([[pool]]
name = "a"
cpus_per_node = 4
[[switch]]
name = "top"
switches = ["leaf", "laef"]
[[switch]]
name = "leaf"
nodes = ["n1"]
[[switch]]
name = "other"
nodes = ["n1"]
[[switch]]
name = "bare"
[[switch]]
name = "round"
switches = ["round"]
)",
                                      "m.toml");
  REQUIRE_FALSE(config.has_value());
  CHECK(config.error().text ==
        "m.toml: line 4: 'switch.switches': there is no switch 'laef'; did you mean 'leaf'?\n"
        "m.toml: line 10: node 'n1' is below switch 'leaf' and below 'other'; expected one switch "
        "above it\n"
        "m.toml: line 13: switch 'bare' has nothing below it; expected nodes or switches\n"
        "m.toml: line 15: switch 'round' is below itself");
}
