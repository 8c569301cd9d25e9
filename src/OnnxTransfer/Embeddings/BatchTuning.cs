namespace OnnxTransfer.Embeddings;

/// <summary>
/// Finds the batch size that takes the least time an image, on the first real images of a run: its sizes take turns for a
/// few rounds, under the load of the run itself, and what they compute counts. Not thread safe.
/// </summary>
internal sealed class BatchTuning
{
    /// <summary>Below so many images nothing is tried: the gain could not be seen.</summary>
    public const int LeastImages = 1000;

    private const int Rounds = 4;

    // Less is noise; and the usual size is the one that was tested most.
    private const double WorthIt = 0.97;

    private readonly int[] _sizes;
    private readonly double[] _best;
    private readonly int[] _tries;
    private int _turn;
    private object? _lane;

    /// <param name="usual">The size that is kept unless another is clearly better.</param>
    /// <param name="sizes">Further sizes to be tried; none: nothing is tuned.</param>
    public BatchTuning(int usual, params IEnumerable<int> sizes)
    {
        _sizes = [usual, .. sizes.Where(size => size != usual)];
        _best = [.. _sizes.Select(_ => double.PositiveInfinity)];
        _tries = new int[_sizes.Length];
        (Size, Largest, IsDone) = (usual, _sizes.Max(), _sizes.Length == 1);
    }

    /// <summary>The size of the next run.</summary>
    public int Size { get; private set; }

    public int Largest { get; }

    public bool IsDone { get; private set; }

    /// <summary>How the size was found; null where nothing was measured.</summary>
    public string? Told { get; private set; }

    /// <summary>Another run is on its way: the next has the next size's turn.</summary>
    public void Next()
    {
        if (!IsDone)
        {
            Size = _sizes[_turn = (_turn + 1) % _sizes.Length];
        }
    }

    /// <summary>
    /// Takes in a run of <paramref name="images"/> that took <paramref name="seconds"/>. Lanes run more or less of the network:
    /// sizes are compared on the first one alone.
    /// </summary>
    public void Measured(object lane, int images, double seconds)
    {
        _lane ??= lane;
        if (IsDone || lane != _lane || Array.IndexOf(_sizes, images) is not (>= 0 and var at))
        {
            return;
        }

        // Whatever else the machine did only added to a time, so the shortest is the truest.
        _best[at] = Math.Min(_best[at], seconds / images);
        _tries[at]++;
        if (!Array.Exists(_tries, tries => tries < Rounds))
        {
            var fastest = Array.IndexOf(_best, _best.Min());
            var chosen = _best[fastest] < WorthIt * _best[0] ? fastest : 0;
            (Size, IsDone) = (_sizes[chosen], true);
            Told = "batch as measured: " + string.Join(", ", _sizes.Zip(_best).OrderBy(pair => pair.First).Select(pair => $"{pair.Second * 1000:0.0##} ms an image in batches of {pair.First}"));
        }
    }
}
