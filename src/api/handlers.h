// The handlers of routes.cpp's table, one source for each kind of content.
#pragma once

#include "api/exchange.h"

namespace berth {

// base.cpp
Task<Answer> answer_root(const ApiParts& api, Exchange& exchange);
Task<Answer> answer_base(const ApiParts& api, Exchange& exchange);
Task<Answer> answer_livez(const ApiParts& api, Exchange& exchange);
Task<Answer> answer_readyz(const ApiParts& api, Exchange& exchange);

// blobs.cpp
Task<Answer> get_blob(const ApiParts& api, Exchange& exchange);
Task<Answer> head_blob(const ApiParts& api, Exchange& exchange);
Task<Answer> delete_blob(const ApiParts& api, Exchange& exchange);

// uploads.cpp
Task<Answer> post_upload(const ApiParts& api, Exchange& exchange);
Task<Answer> get_upload(const ApiParts& api, Exchange& exchange);
Task<Answer> patch_upload(const ApiParts& api, Exchange& exchange);
Task<Answer> put_upload(const ApiParts& api, Exchange& exchange);
Task<Answer> delete_upload(const ApiParts& api, Exchange& exchange);

// manifests.cpp
Task<Answer> get_manifest(const ApiParts& api, Exchange& exchange);
Task<Answer> put_manifest(const ApiParts& api, Exchange& exchange);
Task<Answer> delete_manifest(const ApiParts& api, Exchange& exchange);

// token.cpp
Task<Answer> get_token(const ApiParts& api, Exchange& exchange);
Task<Answer> post_token(const ApiParts& api, Exchange& exchange);
Task<Answer> get_token_keys(const ApiParts& api, Exchange& exchange);

// tags.cpp, catalog.cpp, referrers.cpp
Task<Answer> get_tags(const ApiParts& api, Exchange& exchange);
Task<Answer> get_catalog(const ApiParts& api, Exchange& exchange);
Task<Answer> get_referrers(const ApiParts& api, Exchange& exchange);

}  // namespace berth
