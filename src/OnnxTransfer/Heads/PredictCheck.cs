namespace OnnxTransfer.Heads;

/// <summary>The checks that all heads share before they predict.</summary>
internal static class PredictCheck
{
    /// <summary>Fails where embeddings are not as wide as those the head was fitted on.</summary>
    /// <exception cref="ArgumentException">They are not; the message tells the cure.</exception>
    public static void Width(IHead head, int width)
    {
        if (width != head.Width)
        {
            throw new ArgumentException(
                $"the embeddings are {width} wide; this head was fitted on {head.Width}: use the backbone, tap and number columns it was fitted with");
        }
    }

    /// <summary>The same for the embedding of one row, whose answer goes to <paramref name="result"/>.</summary>
    /// <exception cref="ArgumentException">The embedding's width or the result's length is not the head's.</exception>
    public static void Row(IHead head, ReadOnlySpan<float> embedding, Span<float> result)
    {
        Width(head, embedding.Length);
        if (result.Length != head.Outputs)
        {
            throw new ArgumentException($"the result has room for {result.Length} values; the head predicts {head.Outputs}", nameof(result));
        }
    }
}
