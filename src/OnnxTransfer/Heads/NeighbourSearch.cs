namespace OnnxTransfer.Heads;

/// <summary>The numbers of neighbours to choose from; one search finds the neighbours for all of them.</summary>
public sealed record NeighbourSearch
{
    /// <summary>The numbers, ascending; those above the number of fit rows are left out.</summary>
    public IReadOnlyList<int> Values { get; init; } = [1, 3, 5, 10, 20, 50, 100];

    /// <summary>The part of the rows that is held out where no row is marked as validation.</summary>
    public double HeldOut { get; init; } = 0.2;

    /// <summary>Taken where nothing can be held out: one row, one group, or a class that would lose its only row.</summary>
    public int Fallback { get; init; } = 5;

    /// <summary>Decides which rows are held out.</summary>
    public long Seed { get; init; }

    /// <summary>Fails where the settings describe no search.</summary>
    /// <exception cref="FitException">They do not.</exception>
    internal void Check()
    {
        bool ascending = Values.Count > 0 && Values[0] >= 1 && Values.Zip(Values.Skip(1)).All(pair => pair.First < pair.Second);
        if (!ascending || !(HeldOut is > 0 and <= 0.5) || Fallback < 1)
        {
            throw new FitException(
                $"NeighbourSearch over {string.Join(", ", Values)} with HeldOut = {HeldOut}, Fallback = {Fallback} describes no search; " +
                "expected ascending Values of at least 1, HeldOut above 0 and at most 0.5, Fallback of at least 1");
        }
    }
}
