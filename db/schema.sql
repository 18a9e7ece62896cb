-- Generated from db/migrations by "make generate". Do not edit.

-- Name: event_batch_ids; Type: SEQUENCE; Schema: public; Owner: -

CREATE SEQUENCE public.event_batch_ids
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

-- Name: event_batches; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.event_batches (
    batch_id bigint NOT NULL,
    "position" bigint,
    published_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    event_count integer NOT NULL,
    types text[] NOT NULL,
    subjects bigint[] NOT NULL,
    versions bigint[] NOT NULL,
    ends_us bigint[] NOT NULL,
    traceparents text[] NOT NULL,
    skus bigint[] NOT NULL,
    CONSTRAINT event_batches_has_events CHECK (((event_count > 0) AND (event_count = cardinality(types)))),
    CONSTRAINT event_batches_is_published_whole CHECK ((("position" IS NULL) = (published_at IS NULL))),
    CONSTRAINT event_batches_position_is_positive CHECK (("position" > 0))
)
WITH (autovacuum_vacuum_scale_factor='0.01', vacuum_index_cleanup='on');

-- Name: idempotency_keys; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.idempotency_keys (
    created_at timestamp with time zone NOT NULL,
    order_id bigint,
    caller text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    request_hash bytea NOT NULL,
    shortages jsonb DEFAULT '[]'::jsonb NOT NULL,
    expires_at timestamp with time zone DEFAULT (now() + '7 days'::interval) NOT NULL,
    available integer[],
    order_expires_at timestamp with time zone,
    available_at bigint[],
    stock_before bigint[],
    CONSTRAINT idempotency_keys_key_is_printable CHECK ((((length(key) >= 1) AND (length(key) <= 255)) AND (key !~ '[^ -~]'::text))),
    CONSTRAINT idempotency_keys_order_id_is_positive CHECK ((order_id > 0)),
    CONSTRAINT idempotency_keys_request_hash_is_sha256 CHECK ((octet_length(request_hash) = 32)),
    CONSTRAINT idempotency_keys_shortages_is_list CHECK ((jsonb_typeof(shortages) = 'array'::text))
)
WITH (fillfactor='50');

-- Name: order_ids; Type: SEQUENCE; Schema: public; Owner: -

CREATE SEQUENCE public.order_ids
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

-- Name: order_lines; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.order_lines (
    order_id bigint NOT NULL,
    sku bigint NOT NULL,
    count integer NOT NULL,
    CONSTRAINT order_lines_count_in_range CHECK (((count >= 1) AND (count <= 65535))),
    CONSTRAINT order_lines_sku_is_uint32 CHECK (((sku >= 1) AND (sku <= '4294967295'::bigint)))
);

-- Name: orders; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.orders (
    order_id bigint NOT NULL,
    user_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    status text NOT NULL,
    expires_at timestamp with time zone,
    cancel_reason text,
    version integer DEFAULT 1 NOT NULL,
    created_by text,
    closed_by text,
    CONSTRAINT orders_order_id_is_positive CHECK ((order_id > 0)),
    CONSTRAINT orders_status_is_known CHECK ((status = ANY (ARRAY['new'::text, 'awaiting payment'::text, 'failed'::text, 'payed'::text, 'cancelled'::text]))),
    CONSTRAINT orders_updated_after_created CHECK ((updated_at >= created_at)),
    CONSTRAINT orders_user_id_is_positive CHECK ((user_id > 0))
)
WITH (fillfactor='90');

-- Name: stock_movements; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.stock_movements (
    sku bigint NOT NULL,
    version bigint NOT NULL,
    total_change bigint NOT NULL,
    reserved_change bigint NOT NULL,
    total_after bigint NOT NULL,
    reserved_after bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    occurred_at timestamp with time zone,
    order_id bigint,
    order_count integer NOT NULL,
    kind text NOT NULL,
    reason text,
    reference text,
    note text,
    actor text,
    CONSTRAINT stock_movements_kind_is_known CHECK ((kind = ANY (ARRAY['opened'::text, 'received'::text, 'adjusted'::text, 'counted'::text, 'reserved'::text, 'released'::text, 'sold'::text])))
);

-- Name: stocks; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.stocks (
    sku bigint NOT NULL,
    total_count bigint DEFAULT 0 NOT NULL,
    reserved bigint DEFAULT 0 NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    changed_at timestamp with time zone,
    counted_at timestamp with time zone,
    CONSTRAINT stocks_reserved_is_covered CHECK (((0 <= reserved) AND (reserved <= total_count))),
    CONSTRAINT stocks_sku_is_uint32 CHECK (((sku >= 1) AND (sku <= '4294967295'::bigint)))
)
WITH (fillfactor='50');

-- Name: event_batches event_batches_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.event_batches
    ADD CONSTRAINT event_batches_pkey PRIMARY KEY (batch_id);

-- Name: idempotency_keys idempotency_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller, key);

-- Name: order_lines order_lines_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.order_lines
    ADD CONSTRAINT order_lines_pkey PRIMARY KEY (order_id, sku);

-- Name: orders orders_cancel_reason_is_known; Type: CHECK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE public.orders
    ADD CONSTRAINT orders_cancel_reason_is_known CHECK ((cancel_reason = ANY (ARRAY['requested'::text, 'expired'::text]))) NOT VALID;

-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (order_id);

-- Name: stock_movements stock_movements_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.stock_movements
    ADD CONSTRAINT stock_movements_pkey PRIMARY KEY (sku, version);

-- Name: stocks stocks_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.stocks
    ADD CONSTRAINT stocks_pkey PRIMARY KEY (sku);

-- Name: event_batches_position; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX event_batches_position ON public.event_batches USING btree ("position") WHERE ("position" IS NOT NULL);

-- Name: event_batches_waiting; Type: INDEX; Schema: public; Owner: -

CREATE INDEX event_batches_waiting ON public.event_batches USING btree (batch_id) WHERE ("position" IS NULL);

-- Name: idempotency_keys_expires_at; Type: INDEX; Schema: public; Owner: -

CREATE INDEX idempotency_keys_expires_at ON public.idempotency_keys USING btree (expires_at);

-- Name: orders_expires_at; Type: INDEX; Schema: public; Owner: -

CREATE INDEX orders_expires_at ON public.orders USING btree (expires_at, order_id) WHERE (status = 'awaiting payment'::text);

-- Name: orders_user_id_order_id; Type: INDEX; Schema: public; Owner: -

CREATE INDEX orders_user_id_order_id ON public.orders USING btree (user_id, order_id);

-- Name: stock_movements_counts; Type: INDEX; Schema: public; Owner: -

CREATE INDEX stock_movements_counts ON public.stock_movements USING btree (sku, version) WHERE (kind = 'counted'::text);
