#include "launcher/pmix/job_keys.h"

#include <pmix.h>
#include <pmix_server.h>

#include <cstdlib>
#include <memory>

#include "launcher/pmix/info_list.h"
#include "launcher/pmix/server.h"

namespace pmix {

namespace {

struct Free {
  void operator()(char* memory) const { std::free(memory); }
};
using Text = std::unique_ptr<char, Free>;

std::uint32_t as_number(int value) {
  return static_cast<std::uint32_t>(value);
}

/// The map of nodes or ranks in the library's own compressed form.
template <class Generate>
base::Result<Text> generate(Generate function, const std::string& input) {
  char* output = nullptr;
  const pmix_status_t status = function(input.c_str(), &output);
  if (status == PMIX_SUCCESS) return Text(output);
  return std::unexpected(base::Error{
      base::Code::invalid,
      std::string("PMIx refuses the map '") + input + "': " + PMIx_Error_string(status)});
}

base::Result<void> add_maps(const Setup& setup, InfoList& infos) {
  std::string names;
  std::string ranks;
  for (const auto& node : setup.nodes) {
    if (!names.empty()) {
      names += ',';
      ranks += ';';
    }
    names += node.name;
    ranks += rank_list(node.ranks);
  }
  const auto node_map = generate(PMIx_generate_regex, names);
  if (!node_map) return std::unexpected(node_map.error());
  const auto rank_map = generate(PMIx_generate_ppn, ranks);
  if (!rank_map) return std::unexpected(rank_map.error());
  infos.regex(PMIX_NODE_MAP, node_map->get());
  infos.regex(PMIX_PROC_MAP, rank_map->get());
  return {};
}

void add_job(const Setup& setup, InfoList& infos) {
  int n_ranks = 0;
  for (const auto& node : setup.nodes) n_ranks += static_cast<int>(node.ranks.size());
  const auto size = as_number(n_ranks);
  infos.text(PMIX_JOBID, setup.name_space);
  infos.number(PMIX_JOB_SIZE, size);
  infos.number(PMIX_UNIV_SIZE, size);
  infos.number(PMIX_MAX_PROCS, size);
  infos.number(PMIX_NUM_NODES, as_number(static_cast<int>(setup.nodes.size())));
  infos.number(PMIX_JOB_NUM_APPS, 1);
  infos.text(PMIX_TMPDIR, setup.session_dir);
  infos.text(PMIX_NSDIR, setup.session_dir + "/job");
  infos.flag(PMIX_TDIR_RMCLEAN, true);
  infos.flag(PMIX_SPAWNED, false);
  infos.text(PMIX_MAPBY, setup.by_node ? "node" : "slot");
  infos.text(PMIX_RANKBY, "slot");
  infos.text(PMIX_BINDTO, "none");

  InfoList app;
  app.number(PMIX_APPNUM, 0);
  app.number(PMIX_APP_SIZE, size);
  app.rank(PMIX_APPLDR, 0);
  app.text(PMIX_WDIR, setup.work_dir);
  app.text(PMIX_APP_ARGV, setup.program);
  infos.array(PMIX_APP_INFO_ARRAY, app);
}

void add_node(const Setup& setup, InfoList& infos) {
  const auto& node = setup.nodes[setup.node];
  const auto n_ranks = as_number(static_cast<int>(node.ranks.size()));
  infos.text(PMIX_LOCAL_PEERS, rank_list(node.ranks));
  infos.number(PMIX_LOCAL_SIZE, n_ranks);
  infos.number(PMIX_NODE_SIZE, n_ranks);
  infos.rank(PMIX_LOCALLDR, node.ranks.front());
}

/// Where the hardware threads are in the machine, for the choice of shared memory and topologies;
/// empty when hwloc does not know.
std::string locality_of(const std::string& cpus) {
  pmix_cpuset_t set{};
  if (PMIx_Parse_cpuset_string(("hwloc:" + cpus).c_str(), &set) != PMIX_SUCCESS) return {};
  char* text = nullptr;
  const pmix_status_t status = PMIx_server_generate_locality_string(&set, &text);
  PMIx_Cpuset_destruct(&set);
  const Text owner(text);
  return status == PMIX_SUCCESS && text != nullptr ? text : "";
}

void add_place(const std::string& cpus, InfoList& rank) {
  if (cpus.empty()) return;
  rank.text(PMIX_CPUSET, "hwloc:" + cpus);
  const std::string locality = locality_of(cpus);
  if (!locality.empty()) rank.text(PMIX_LOCALITY_STRING, locality);
}

void add_ranks(const Setup& setup, std::size_t place, InfoList& infos) {
  const auto& node = setup.nodes[place];
  for (std::size_t local = 0; local < node.ranks.size(); ++local) {
    const int number = node.ranks[local];
    InfoList rank;
    rank.rank(PMIX_RANK, number);
    rank.small_number(PMIX_LOCAL_RANK, static_cast<std::uint16_t>(local));
    rank.small_number(PMIX_NODE_RANK, static_cast<std::uint16_t>(local));
    rank.number(PMIX_NODEID, as_number(static_cast<int>(place)));
    rank.text(PMIX_HOSTNAME, node.name);
    rank.number(PMIX_APPNUM, 0);
    rank.rank(PMIX_APP_RANK, number);
    rank.rank(PMIX_GLOBAL_RANK, number);
    rank.number(PMIX_REINCARNATION, setup.attempt);
    if (place == setup.node) add_place(setup.cpus[local], rank);
    infos.array(PMIX_PROC_DATA, rank);
  }
}

}  // namespace

std::string rank_list(const std::vector<int>& ranks) {
  std::string list;
  for (const int rank : ranks) {
    if (!list.empty()) list += ',';
    list += std::to_string(rank);
  }
  return list;
}

base::Result<void> add_job_keys(const Setup& setup, InfoList& infos) {
  if (auto maps = add_maps(setup, infos); !maps) return maps;
  add_job(setup, infos);
  add_node(setup, infos);
  for (std::size_t place = 0; place < setup.nodes.size(); ++place) add_ranks(setup, place, infos);
  return {};
}

}  // namespace pmix
