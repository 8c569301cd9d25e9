using System.Collections.Concurrent;
using OnnxTransfer.Backbones;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// The spaces one run of a backbone reads and writes: one for each tap and decoder. Images of different formats go
/// through different decoders, hence into different spaces. An augmented view has spaces of its own.
/// </summary>
internal sealed class SpaceSet(EmbeddingCache cache, Backbone backbone, AugmentedView? view = null)
{
    private readonly string _preprocessing = view is null ? backbone.Preprocessing.Signature : $"{backbone.Preprocessing.Signature}; {view.Signature}";
    private readonly ConcurrentDictionary<string, EmbeddingSpace[]> _byDecoder = new(StringComparer.Ordinal);

    /// <summary>The spaces for images of this decoder, in the order of the backbone's taps.</summary>
    public EmbeddingSpace[] For(string decoder) =>
        _byDecoder.TryGetValue(decoder, out var spaces) ? spaces : _byDecoder.GetOrAdd(decoder, Open);

    /// <summary>Where every tap's embedding of this image lies; null when one is not there.</summary>
    public EmbeddingPlace[]? Find(ImageIdentity image)
    {
        var spaces = For(image.Decoder);
        var places = new EmbeddingPlace[spaces.Length];
        for (var tap = 0; tap < spaces.Length; tap++)
        {
            if (spaces[tap].Find(image.Key) is not { } at)
            {
                return null;
            }

            places[tap] = new EmbeddingPlace(spaces[tap], at);
        }

        return places;
    }

    /// <summary>True when every tap's embedding of this content is there.</summary>
    public bool Has(ImageIdentity image) => Missing(image).IsEmpty;

    /// <summary>The taps whose embedding of this content is not there.</summary>
    public TapSet Missing(ImageIdentity image)
    {
        // Asked several times for every image: a loop leaves no garbage.
        var (missing, spaces) = (default(TapSet), For(image.Decoder));
        for (var tap = 0; tap < spaces.Length; tap++)
        {
            if (spaces[tap].Find(image.Key) is null)
            {
                missing |= TapSet.Of(tap);
            }
        }

        return missing;
    }

    private EmbeddingSpace[] Open(string decoder) => [.. backbone.Taps.Select(tap => cache.Space(new SpaceIdentity
    {
        Backbone = backbone.Description.Name,
        BackboneSha256 = backbone.Sha256,
        Tap = tap.Label,
        Computation = tap.Identity,
        Preprocessing = _preprocessing,
        Decoder = decoder,
        Precision = backbone.Precision,
        Width = tap.Width,
    }))];
}
