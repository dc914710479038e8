// What commands show of images that are brought in or taken out.
#pragma once

#include <boost/json/object.hpp>

#include "apps/berth/admin_client.h"
#include "apps/berth/commands.h"

namespace berth {

/// Waits for the end of what `begun` names and tells of it: "DONE_WORD 3 repositories: ...". 1 if an image failed.
int watch_transfer(AdminClient& client, const boost::json::object& begun, OutputForm form, const char* done_word);

}  // namespace berth
