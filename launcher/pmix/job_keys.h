#pragma once
// What PMIx clients are told about their job before they ask: the keys of a name space.

#include <string>
#include <vector>

#include "lib/base/result.h"

namespace pmix {

struct Setup;
class InfoList;

/// Adds the keys of the job, of this node and of each rank. After PMIx_server_init: the places of
/// bound ranks are worked out from its topology.
///
/// source   PMIx standard 4.1, sections 6.1 and 11.1; Open MPI 4 cannot do without LOCAL_RANK and
///          NODE_RANK of every rank
base::Result<void> add_job_keys(const Setup& setup, InfoList& infos);

/// As "0,1,2".
std::string rank_list(const std::vector<int>& ranks);

}  // namespace pmix
