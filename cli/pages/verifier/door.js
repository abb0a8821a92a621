/* What tests may call of the page: its checks, its words, and its types by the names that the vectors use.
   Holds: nothing on the page calls this.
   May not enter: code. */

globalThis.comity = {
  verifyProof, readClaim, readGenesis, checkGenesis, checkRecord, consortiumOf, Signatures, Walk, Describer, say,
  isKey, isSignature, isIncluded, isConsistent, preimage, leafHash,
  encode, decode, readJson, crc32, fromHex, toHex, utf8, WORDS, TERMS, FAULTS, NEXT, KINDS, STATE_KINDS, SIGNED_RECORD, TRUST_PATH,
  types: {
    'u8': U8, 'u16': U16, 'u32': U32, 'u64': U64, 'i16': I16, 'bool': BOOL, 'option-u32': option(U32),
    'list-u16': list(U16), 'set-code': set(CODE, compareText), 'set-mode': MODES, 'text-96': text(96),
    'agency-id': AGENCY_ID, 'slug': SLUG, 'code': CODE, 'item-name': ITEM_NAME, 'dataset-id': DATASET_ID,
    'grant-id': GRANT_ID, 'request-id': REQUEST_ID, 'proposal-id': PROPOSAL_ID, 'height': HEIGHT, 'log-index': LOG_INDEX,
    'time-ms': TIME_MS, 'nonce': NONCE, 'exchange-id': NONCE, 'bundle-id': NONCE, 'header-hash': HASH, 'commitment': HASH,
    'details-hash': HASH, 'public-key': PUBLIC_KEY, 'signature': SIGNATURE, 'key-role': KEY_ROLE,
    'key-algorithm': KEY_ALGORITHM, 'key': KEY, 'official-keys': OFFICIAL_KEYS, 'level': LEVEL, 'agency-kind': AGENCY_KIND,
    'standing': STANDING, 'agency': AGENCY, 'params': PARAMS, 'code-entry': CODE_ENTRY, 'genesis-key': GENESIS_KEY,
    'genesis-member': GENESIS_MEMBER, 'genesis': GENESIS, 'validator': VALIDATOR, 'validator-set': VALIDATOR_SET,
    'item': ITEM, 'dataset': DATASET, 'sharing': SHARING, 'openness': OPENNESS, 'grade': GRADE, 'delivery-mode': MODE, 'items': ITEMS,
    'interruptions': INTERRUPTIONS, 'published-dataset': PUBLISHED_DATASET, 'dataset-version': DATASET_VERSION,
    'grant-terms': GRANT_TERMS, 'grant': GRANT, 'usage': USAGE, 'code-list': CODE_LIST, 'published-code': PUBLISHED_CODE,
    'request-terms': REQUEST_TERMS, 'outcome': OUTCOME, 'request': REQUEST, 'urging': URGING, 'reply': REPLY, 'attempt': ATTEMPT,
    'signed-attempt': SIGNED_ATTEMPT, 'access-refusal': ACCESS_REFUSAL, 'measure': MEASURE, 'choice': CHOICE,
    'ballot': BALLOT, 'proposed-measure': PROPOSED_MEASURE, 'roll': ROLL, 'departure': DEPARTURE, 'vote-kind': VOTE_KIND, 'vote': VOTE,
    'opening': OPENING, 'acknowledgement': ACKNOWLEDGEMENT, 'answer': ANSWER, 'answer-hash': HASH, 'batch': BATCH, 'batch-root': HASH,
    'bearers': BEARERS, 'side': SIDE, 'promise': PROMISE, 'undertaking': UNDERTAKING, 'fulfilment': FULFILMENT,
    'grant-version': GRANT_VERSION, 'mark': MARK, 'extension': EXTENSION, 'gateway-numbers': GATEWAY_NUMBERS,
    'calendar': CALENDAR, 'region-calendars': REGION_CALENDARS, 'clock': CLOCK, 'rule-pack': RULE_PACK, 'rule-packs': RULE_PACKS,
    'office': OFFICE, 'office-holders': OFFICE_HOLDERS, 'proposal': PROPOSAL, 'commit-certificate': COMMIT_CERTIFICATE, 'polka-certificate': POLKA_CERTIFICATE,
    'equivocation': EQUIVOCATION, 'capacity': CAPACITY, 'statement-signer': STATEMENT_SIGNER, 'action': ACTION,
    'basis': BASIS, 'check-id': CHECK_ID, 'check-terms': CHECK_TERMS, 'check-outcome': CHECK_OUTCOME, 'handover': HANDOVER,
    'check-request': CHECK_REQUEST, 'incident-id': INCIDENT_ID, 'incident-terms': INCIDENT_TERMS, 'incident': INCIDENT,
    'dispute-id': DISPUTE_ID, 'dispute-about': DISPUTE_ABOUT, 'ruling': RULING, 'dispute': DISPUTE,
    'emergency-id': EMERGENCY_ID, 'emergency-terms': EMERGENCY_TERMS, 'emergency': EMERGENCY,
    'emergency-access': EMERGENCY_ACCESS, 'emergency-use': EMERGENCY_USE, 'draw-id': DRAW_ID, 'draw': DRAW,
    'draw-commitment': HASH, 'draw-secret': HASH, 'power': POWER, 'finding-id': FINDING_ID, 'finding': FINDING,
    'statement': STATEMENT, 'signed-record': SIGNED_RECORD, 'header': HEADER, 'state-proof': STATE_PROOF,
  },
};
