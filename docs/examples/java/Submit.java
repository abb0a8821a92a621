import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.text.Normalizer;
import java.time.Duration;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * Opens a request 共享申请: builds the record, signs it and submits it to a node.
 *
 * <p>Written from docs/formats.md and docs/api.md alone; the names in quotation marks below are
 * sections of docs/formats.md. Needs a JDK of version 17 or later and no library:
 *
 * <pre>java Submit.java NODE KEY_FILE CONSORTIUM DATASET ITEM MATTER DUTY_BASIS DAYS</pre>
 *
 * <p>KEY_FILE is the officer's key file without a passphrase; CONSORTIUM is the id that your office
 * was told. What is asked for is one item, by verification, for one matter.
 */
public final class Submit {
    static final long MINUTE_MS = 60_000, DAY_MS = 24 * 60 * MINUTE_MS;
    /** Numbers of variants, from the tables of "Keys", "Statements" and "Grants". */
    static final int ROLE_OFFICER = 5, CAPACITY_AGENCY = 0, ACTION_OPEN_REQUEST = 13;
    static final int ITEMS_ONLY = 1, MODE_VERIFY = 0, OFFICERS_ALL = 0;

    /** "Encoding": little-endian integers, lengths before what they count. */
    static final class Encoder {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Encoder raw(byte[] bytes) {
            out.writeBytes(bytes);
            return this;
        }

        /** A byte: also a bool, and whether an Option holds a value. */
        Encoder u8(int number) {
            out.write(number);
            return this;
        }

        Encoder u16(int number) {
            return raw(little(2).putShort((short) number).array());
        }

        /** Also the number of an enum's variant. */
        Encoder u32(int number) {
            return raw(little(4).putInt(number).array());
        }

        /** Also the count before a list's or a set's elements. */
        Encoder u64(long number) {
            return raw(little(8).putLong(number).array());
        }

        /** A String, in the normal form that whoever writes a statement brings it to ("Text"). */
        Encoder text(String string) {
            byte[] bytes = utf8(Normalizer.normalize(string, Normalizer.Form.NFC));
            return u64(bytes.length).raw(bytes);
        }

        byte[] bytes() {
            return out.toByteArray();
        }

        private static ByteBuffer little(int size) {
            return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        }
    }

    static byte[] utf8(String string) {
        return string.getBytes(StandardCharsets.UTF_8);
    }

    /** What is hashed and signed ("Domain separation"). */
    static byte[] preimage(String tag, byte[] consortium, byte[] body) {
        Encoder out = new Encoder().u8(tag.length()).raw(utf8(tag)).raw(consortium);
        return out.u64(body.length).raw(body).bytes();
    }

    /** The action `open-request` with its `RequestTerms` ("Statements", "Requests", "Grants"). */
    static byte[] action(String[] asked, String requester, long now) {
        String[] dataset = asked[0].split("/", 2);
        Encoder out = new Encoder().u32(ACTION_OPEN_REQUEST);
        out.text(dataset[0]).text(dataset[1]);                   // dataset
        out.text(requester);                                     // requester
        out.u64(1).text(asked[2]);                               // matters: a set of one
        out.text(asked[3]);                                      // duty_basis
        out.u32(ITEMS_ONLY).u64(1).text(asked[1]);               // items: a set of one
        out.u64(1).u32(MODE_VERIFY);                             // modes: a set of one
        out.u64(now).u64(now + Long.parseLong(asked[4]) * DAY_MS); // not_before, not_after
        out.u8(0).u8(0);                                         // total_quota, daily_quota: none
        out.u64(0);                                              // conditions: none
        out.u32(OFFICERS_ALL).u64(0).u64(0);                     // officers, onward, undertakings
        out.u8(0);                                               // task_force: none
        out.u8(0).u8(0).u8(0);                                   // once: false, needed_by, bundle: none
        return out.bytes();
    }

    /** A `Statement` ("Statements") by one signer. */
    static byte[] statement(byte[] consortium, String agency, byte[] key, byte[] action, long now) {
        byte[] nonce = new byte[16];
        new SecureRandom().nextBytes(nonce);
        Encoder out = new Encoder().u16(1).raw(consortium).raw(nonce);
        out.u64(now + 10 * MINUTE_MS);                           // valid_until
        out.u64(1).text(agency).raw(key).u32(ROLE_OFFICER).u32(CAPACITY_AGENCY); // signers
        out.u64(0);                                              // sealed: none
        return out.raw(action).bytes();
    }

    /** RFC 8032 over the preimage itself ("Signatures"). */
    static byte[] sign(byte[] seed, byte[] preimage) throws Exception {
        EdECPrivateKeySpec spec = new EdECPrivateKeySpec(NamedParameterSpec.ED25519, seed);
        Signature signer = Signature.getInstance("Ed25519");
        signer.initSign(KeyFactory.getInstance("Ed25519").generatePrivate(spec));
        signer.update(preimage);
        return signer.sign();
    }

    /** A member of a JSON object whose values are plain: enough for a key file and for a status. */
    static String member(String json, String name) {
        var found = Pattern.compile("\"" + name + "\"\\s*:\\s*\"?([^\",}\\s]*)").matcher(json);
        if (!found.find()) throw new IllegalArgumentException("no " + name + " in " + json);
        return found.group(1);
    }

    /** Submits until the outcome is known. The identical bytes may be sent again: they have the
     * effect of one record, however often they arrive. */
    static HttpResponse<String> submit(HttpClient client, String node, byte[] record) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(node + "/v1/records?wait=commit"))
            .header("Content-Type", "application/octet-stream").timeout(Duration.ofSeconds(45))
            .POST(HttpRequest.BodyPublishers.ofByteArray(record)).build();
        for (int attempt = 1; ; attempt++) {
            try {
                var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
                if (attempt == 5 || (answer.statusCode() != 503 && answer.statusCode() != 504)) return answer;
                System.err.println("attempt " + attempt + ": " + answer.body());
            } catch (java.io.IOException fault) {
                if (attempt == 5) throw fault;
                System.err.println("attempt " + attempt + ": " + fault);
            }
            Thread.sleep(1_000L * attempt);
        }
    }

    public static void main(String[] args) throws Exception {
        if (args.length != 8) {
            System.err.println("java Submit.java NODE KEY_FILE CONSORTIUM DATASET ITEM MATTER DUTY_BASIS DAYS");
            System.exit(2);
        }
        String node = args[0], keyFile = Files.readString(Path.of(args[1]));
        HexFormat hex = HexFormat.of();
        byte[] consortium = hex.parseHex(args[2]);
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        HttpRequest status = HttpRequest.newBuilder(URI.create(node + "/v1/status")).build();
        String tip = client.send(status, HttpResponse.BodyHandlers.ofString()).body();
        if (!member(tip, "consortium").equals(args[2])) {
            throw new IllegalStateException("the node belongs to another consortium");
        }
        // The later of two clocks, so that a slow one here makes no statement that is over already.
        long now = Math.max(System.currentTimeMillis(), Long.parseLong(member(tip, "time")));

        String agency = member(keyFile, "agency");
        byte[] publicKey = hex.parseHex(member(keyFile, "public_key"));
        byte[] action = action(java.util.Arrays.copyOfRange(args, 3, 8), agency, now);
        byte[] statement = statement(consortium, agency, publicKey, action, now);
        byte[] signed = preimage("comity/statement/1", consortium, statement);
        byte[] signature = sign(hex.parseHex(member(keyFile, "plain")), signed);
        byte[] record = new Encoder().raw(statement).u64(1).raw(signature).bytes();
        String recordId = hex.formatHex(MessageDigest.getInstance("SHA-256").digest(signed));

        HttpResponse<String> answer = submit(client, node, record);
        System.out.println(answer.body());
        if (answer.statusCode() != 200) System.exit(1);
        if (!member(answer.body(), "record_id").equals(recordId)) {
            throw new IllegalStateException("the node committed something else");
        }
        System.err.println("request R" + member(answer.body(), "index") + " is open");
    }
}
