/* The verdicts of libxmlsec1 and libxml2, the code of the xmlsec1 tool, without a process for each document.
 *
 * It answers requests on its standard input until that ends. All numbers are big-endian:
 *   request  = operation (1 byte), length (4), payload
 *   answer   = flags (1 byte), length (4), blob, length (4), blob
 *   verify    'V': the document; blobs: the octets that the first Reference digests, the canonical SignedInfo
 *   canonical 'C': method (1: 0 inclusive 1.0, 1 exclusive, 2 inclusive 1.1), comments (1: 0 or 1),
 *                  length (4), prefixes separated by blanks, the document; blob: the canonical form
 *   sign      'S': number of the key (1), a document with an empty signature; blobs: DigestValue, SignatureValue
 * The arguments are the keys to sign with, as PEM files.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <xmlsec/app.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/parser.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/xmltree.h>

enum { PARSED = 1, BAD_NAMES = 2, DONE = 4 };

#define REQUEST_MAX (4u << 20)
#define MEMORY_MAX (1ul << 30)
#define PREFIXES_MAX 64
#define URIS_WITHIN (xmlSecTransformUriTypeEmpty | xmlSecTransformUriTypeSameDocument)

typedef struct {
    const unsigned char *bytes;
    size_t length;
} Slice;

static xmlSecKeysMngrPtr manager;
static char **keys;
static int key_count;
static int has_bad_names;

/* What breaks Namespaces in XML does not end libxml2's reading; it is only reported. */
static void note_error(void *unused, xmlErrorPtr error) {
    (void)unused;
    if (error->domain == XML_FROM_NAMESPACE) {
        has_bad_names = 1;
    }
}

/* The tool reads a file in the same way, xmlSecParseFile. */
static xmlDocPtr parse(Slice document) {
    has_bad_names = 0;
    return xmlSecParseMemory(document.bytes, (xmlSecSize)document.length, 0);
}

static int flags_of(xmlDocPtr document) {
    return (document ? PARSED : 0) | (has_bad_names ? BAD_NAMES : 0);
}

static void put_number(uint32_t number) {
    unsigned char bytes[4] = {number >> 24, number >> 16 & 255, number >> 8 & 255, number & 255};
    fwrite(bytes, 1, sizeof bytes, stdout);
}

static void put_blob(Slice blob) {
    put_number((uint32_t)blob.length);
    fwrite(blob.bytes, 1, blob.length, stdout);
}

static void answer(int flags, Slice first, Slice second) {
    putchar(flags);
    put_blob(first);
    put_blob(second);
    fflush(stdout);
}

static Slice buffer_slice(xmlSecBufferPtr buffer) {
    Slice slice = {(const unsigned char *)"", 0};
    if (buffer && xmlSecBufferGetData(buffer)) {
        slice.bytes = xmlSecBufferGetData(buffer);
        slice.length = xmlSecBufferGetSize(buffer);
    }
    return slice;
}

static Slice text_slice(const xmlChar *text) {
    const char *bytes = text ? (const char *)text : "";
    Slice slice = {(const unsigned char *)bytes, strlen(bytes)};
    return slice;
}

static uint32_t number_at(const unsigned char *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static Slice rest(Slice slice, size_t skipped) {
    Slice left = {slice.bytes + skipped, slice.length - skipped};
    return left;
}

/* xmlsec1 --verify --insecure --enabled-key-data x509, but that nothing outside of the document is fetched. */
static void verify(Slice payload) {
    Slice octets = text_slice(NULL), signed_info = text_slice(NULL);
    xmlDocPtr document = parse(payload);
    xmlNodePtr signature =
        document ? xmlSecFindNode(xmlDocGetRootElement(document), xmlSecNodeSignature, xmlSecDSigNs) : NULL;
    int flags = flags_of(document);
    xmlSecDSigCtx context;
    if (xmlSecDSigCtxInitialize(&context, manager) < 0) {
        exit(3);
    }
    context.flags |= XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES | XMLSEC_DSIG_FLAGS_STORE_SIGNATURE;
    context.enabledReferenceUris = URIS_WITHIN;
    context.keyInfoReadCtx.retrievalMethodCtx.enabledUris = URIS_WITHIN;
    context.keyInfoReadCtx.flags |= XMLSEC_KEYINFO_FLAGS_X509DATA_DONT_VERIFY_CERTS;
    xmlSecPtrListAdd(&context.keyInfoReadCtx.enabledKeyData, (xmlSecPtr)xmlSecKeyDataX509Id);
    if (signature && xmlSecDSigCtxVerify(&context, signature) >= 0) {
        flags |= context.status == xmlSecDSigStatusSucceeded ? DONE : 0;
    }
    if (xmlSecPtrListGetSize(&context.signedInfoReferences) > 0) {
        octets = buffer_slice(xmlSecDSigReferenceCtxGetPreDigestBuffer(
            (xmlSecDSigReferenceCtxPtr)xmlSecPtrListGetItem(&context.signedInfoReferences, 0)));
    }
    if (context.preSignMemBufMethod) {
        signed_info = buffer_slice(xmlSecDSigCtxGetPreSignBuffer(&context));
    }
    answer(flags, octets, signed_info);
    xmlSecDSigCtxFinalize(&context);
    xmlFreeDoc(document);
}

static void canonicalize(Slice payload) {
    if (payload.length < 6 || number_at(payload.bytes + 2) > payload.length - 6) {
        exit(2);
    }
    size_t listed = number_at(payload.bytes + 2);
    char *list = strndup((const char *)payload.bytes + 6, listed);
    xmlChar *prefixes[PREFIXES_MAX + 1] = {NULL};
    int count = 0;
    for (char *one = strtok(list, " "); one && count < PREFIXES_MAX; one = strtok(NULL, " ")) {
        prefixes[count++] = BAD_CAST one;
    }
    xmlDocPtr document = parse(rest(payload, 6 + listed));
    int flags = flags_of(document);
    xmlChar *form = NULL;
    Slice written = text_slice(NULL);
    if (document) {
        int length = xmlC14NDocDumpMemory(document, NULL, payload.bytes[0], prefixes, payload.bytes[1], &form);
        if (length >= 0) {
            written.bytes = form;
            written.length = (size_t)length;
            flags |= DONE;
        }
    }
    answer(flags, written, text_slice(NULL));
    xmlFree(form);
    free(list);
    xmlFreeDoc(document);
}

static xmlChar *content_of(xmlNodePtr signature, const xmlChar *name) {
    xmlNodePtr found = xmlSecFindNode(signature, name, xmlSecDSigNs);
    return found ? xmlNodeGetContent(found) : NULL;
}

static void sign(Slice payload) {
    if (payload.length < 1 || payload.bytes[0] >= key_count) {
        exit(2);
    }
    xmlDocPtr document = parse(rest(payload, 1));
    xmlNodePtr signature =
        document ? xmlSecFindNode(xmlDocGetRootElement(document), xmlSecNodeSignature, xmlSecDSigNs) : NULL;
    int flags = flags_of(document);
    xmlSecDSigCtx context;
    if (xmlSecDSigCtxInitialize(&context, NULL) < 0) {
        exit(3);
    }
    context.enabledReferenceUris = URIS_WITHIN;
    context.signKey = xmlSecCryptoAppKeyLoad(keys[payload.bytes[0]], xmlSecKeyDataFormatPem, NULL, NULL, NULL);
    xmlChar *digest = NULL, *value = NULL;
    if (signature && context.signKey && xmlSecDSigCtxSign(&context, signature) >= 0) {
        flags |= DONE;
        digest = content_of(signature, xmlSecNodeDigestValue);
        value = content_of(signature, xmlSecNodeSignatureValue);
    }
    answer(flags, text_slice(digest), text_slice(value));
    xmlFree(digest);
    xmlFree(value);
    xmlSecDSigCtxFinalize(&context);
    xmlFreeDoc(document);
}

/* As the tool does before it reads anything. */
static int start(void) {
    struct rlimit memory = {MEMORY_MAX, MEMORY_MAX};
    setrlimit(RLIMIT_AS, &memory);
    xmlInitParser();
    xmlLoadExtDtdDefaultValue = XML_DETECT_IDS | XML_COMPLETE_ATTRS;
    xmlSubstituteEntitiesDefault(1);
    xmlSetStructuredErrorFunc(NULL, note_error);
    if (xmlSecInit() < 0 || xmlSecCryptoAppInit(NULL) < 0 || xmlSecCryptoInit() < 0) {
        return -1;
    }
    xmlSecErrorsSetCallback(NULL);
    manager = xmlSecKeysMngrCreate();
    return manager ? xmlSecCryptoAppDefaultKeysMngrInit(manager) : -1;
}

int main(int count, char **arguments) {
    static unsigned char payload[REQUEST_MAX];
    unsigned char head[5];
    keys = arguments + 1;
    key_count = count - 1;
    if (start() < 0) {
        fprintf(stderr, "libxmlsec1 does not start\n");
        return 3;
    }
    while (fread(head, 1, sizeof head, stdin) == sizeof head) {
        Slice request = {payload, number_at(head + 1)};
        if (request.length > REQUEST_MAX || fread(payload, 1, request.length, stdin) != request.length) {
            return 2;
        }
        switch (head[0]) {
        case 'V': verify(request); break;
        case 'C': canonicalize(request); break;
        case 'S': sign(request); break;
        default: return 2;
        }
    }
    return 0;
}
