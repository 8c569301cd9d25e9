using System.Collections.Concurrent;
using OnnxTransfer.Backbones;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// The spaces one run of a backbone reads and writes: one for each tap and decoder. Images of different formats go
/// through different decoders, hence into different spaces.
/// </summary>
internal sealed class SpaceSet(EmbeddingCache cache, Backbone backbone)
{
    private readonly ConcurrentDictionary<string, EmbeddingSpace[]> _byDecoder = new(StringComparer.Ordinal);

    /// <summary>All spaces opened so far.</summary>
    public IEnumerable<EmbeddingSpace> All => _byDecoder.Values.SelectMany(spaces => spaces);

    /// <summary>The spaces for images of this decoder, in the order of the backbone's taps.</summary>
    public EmbeddingSpace[] For(string decoder) => _byDecoder.GetOrAdd(decoder, Open);

    /// <summary>True when every tap's embedding of this content is there.</summary>
    public bool Has(string decoder, ContentKey key) => Array.TrueForAll(For(decoder), space => space.Find(key) is not null);

    private EmbeddingSpace[] Open(string decoder) => [.. backbone.Taps.Select(tap => cache.Space(new SpaceIdentity
    {
        Backbone = backbone.Description.Name,
        BackboneSha256 = backbone.Sha256,
        Tap = tap.Label,
        Computation = tap.Identity,
        Preprocessing = backbone.Preprocessing.Signature,
        Decoder = decoder,
        Precision = backbone.Precision,
        Width = tap.Width,
    }))];
}
