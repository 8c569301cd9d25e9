namespace OnnxTransfer.Heads;

/// <summary>How the number of epochs is chosen where none is given: early stopping on validation rows (Prechelt 1998).</summary>
public sealed record EpochSearch
{
    /// <summary>The most epochs a fit takes; a schedule whose length is left open ends with them.</summary>
    public int Maximum { get; init; } = 100;

    /// <summary>Ends after so many epochs in a row that did not improve on the best loss of the validation rows.</summary>
    public int Patience { get; init; } = 10;

    /// <summary>The part of the rows that is held out where no row is marked as validation.</summary>
    public double HeldOut { get; init; } = 0.2;

    /// <summary>
    /// True: once their number is chosen, all rows are fitted again for as many epochs. False: the weights of the best epoch are
    /// restored and become the head; rows held out have then no part in it.
    /// </summary>
    public bool Refit { get; init; } = true;

    /// <summary>Taken where nothing can be held out: one row, one group, or a class that would lose its only row.</summary>
    public int Fallback { get; init; } = 30;

    /// <summary>Decides which rows are held out.</summary>
    public long Seed { get; init; }

    /// <summary>Whether the settings make sense.</summary>
    /// <exception cref="FitException">They do not.</exception>
    internal void Check()
    {
        if (Maximum < 1 || Patience < 1 || Fallback < 1 || !(HeldOut is > 0 and <= 0.5))
        {
            throw new FitException(
                $"EpochSearch with Maximum = {Maximum}, Patience = {Patience}, Fallback = {Fallback}, HeldOut = {HeldOut}; "
                + "expected Maximum, Patience and Fallback of at least 1, HeldOut above 0 and at most 0.5");
        }
    }
}
