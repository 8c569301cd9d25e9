using OnnxTransfer.Backbones;

namespace OnnxTransfer.Embeddings;

/// <summary>Images that lack the same taps wait here for a run of the session that computes those. Not thread safe.</summary>
internal sealed class EmbedLane(TapSession session)
{
    private readonly Queue<PreparedImage> _images = [];

    public TapSession Session => session;

    /// <summary>What the session computes.</summary>
    public TapSet Taps { get; } = session.Taps.Aggregate(default(TapSet), (taps, tap) => taps | TapSet.Of(tap));

    public int Count => _images.Count;

    /// <summary>Once no further image comes: how many of the rest one run takes.</summary>
    public int? Share { get; set; }

    public void Add(PreparedImage image) => _images.Enqueue(image);

    /// <summary>Moves the first <paramref name="count"/> to <paramref name="batch"/>, which is emptied before.</summary>
    public void Take(int count, List<PreparedImage> batch)
    {
        batch.Clear();
        while (count-- > 0)
        {
            batch.Add(_images.Dequeue());
        }
    }
}
