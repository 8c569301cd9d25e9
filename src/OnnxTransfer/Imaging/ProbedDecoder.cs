namespace OnnxTransfer.Imaging;

/// <summary>
/// A place in the order of decoders whose native library is looked for when a decoder is first wanted there: libvips brings
/// a hundred libraries and takes longer to load than a small network takes to answer, and a JPEG needs none of it.
/// </summary>
internal sealed class ProbedDecoder
{
    private readonly Lazy<(IImageDecoder? Decoder, string? Missing)> _found;

    /// <summary>A decoder that is there.</summary>
    public ProbedDecoder(IImageDecoder decoder) => _found = new((decoder, null));

    /// <summary>One to be looked for, once, by <paramref name="probe"/>: the decoder, or what is missing and the cure.</summary>
    public ProbedDecoder(Func<(IImageDecoder? Decoder, string? Missing)> probe) => _found = new(probe);

    /// <summary>Null where its library is missing.</summary>
    public IImageDecoder? Decoder => _found.Value.Decoder;

    /// <summary>The missing library with its cure; null where it is there.</summary>
    public string? Missing => _found.Value.Missing;
}
