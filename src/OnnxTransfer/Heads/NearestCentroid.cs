using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>
/// The class whose centroid, the weighted mean of its embeddings, is nearest: what a handful of images per class suffice for
/// (Snell, Swersky and Zemel 2017). Probabilities are softmax(-d² / T), d the distance to each centroid, for
/// <see cref="Distance.Cosine"/> that of the two directions on the unit sphere, so that d² = 2 (1 - cos). The same classes as
/// scikit-learn's NearestCentroid, on standardised columns where <see cref="Standardise"/> is set; all classes count alike,
/// whatever their number of rows.
/// </summary>
public sealed record NearestCentroid : IHeadTrainer
{
    /// <summary>What is near. Under Cosine an embedding of zeros (after standardisation) is as near to every class as to any other.</summary>
    public Distance Distance { get; init; }

    /// <summary>
    /// T; null: that of least log loss on the rows, each against the centroid of the other rows of its class. Where every
    /// class has one row only, T is the mean squared distance of the rows from their common mean, for Cosine 1.
    /// </summary>
    public double? Temperature { get; init; }

    /// <summary>Brings every column to mean 0 and deviation 1 first, so that all count alike; part of the head afterwards.</summary>
    public bool Standardise { get; init; } = true;

    /// <summary>Threads to work on; 0: all processors. The head does not depend on it.</summary>
    public int Threads { get; init; }

    /// <inheritdoc/>
    public string Kind => "centroid";

    /// <summary>False: the temperature is found on the very rows of the fit.</summary>
    public bool Chooses => false;

    /// <inheritdoc/>
    public bool Takes(HeadTask task) => task == HeadTask.Classes;

    /// <inheritdoc/>
    public IHeadTrainer Frozen(FitReport report) => this with { Temperature = report.Chosen!.Value };

    /// <summary>Learns from all rows of <paramref name="set"/>, whatever their split. Fitted twice, the head is the same to the bit.</summary>
    /// <param name="set">N x D embeddings with labels; weights are honoured.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <returns>A <see cref="LinearHead"/> for Euclidean, for d² is linear in the embedding but for a part that all classes share; a <see cref="CentroidHead"/> for Cosine.</returns>
    /// <exception cref="FitException">The set cannot be learned from; the message names the row and the cure.</exception>
    public IHead Fit(EmbeddingSet set, CancellationToken cancellation = default) => FitAndReport(set, null, cancellation).Head;

    /// <summary>The same fit, together with what was chosen and noticed.</summary>
    /// <param name="set">N x D embeddings with labels; weights are honoured.</param>
    /// <param name="progress">There is nothing to tell: one pass over the rows.</param>
    /// <param name="cancellation">Ends the fit with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="FitException">The set cannot be learned from; the message names the row and the cure.</exception>
    public HeadFit<IHead> FitAndReport(EmbeddingSet set, Action<FitProgress>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        if (Threads < 0 || (Temperature is { } given && !(given > 0 && double.IsFinite(given))) || !Enum.IsDefined(Distance))
        {
            throw new FitException(
                $"Threads = {Threads}, Temperature = {Temperature}, Distance = {Distance}; expected Threads of at least 0, a finite Temperature above 0 " +
                "or null to have it found, Distance Euclidean or Cosine");
        }

        int threads = Chunks.Threads(Threads);
        set = FitCheck.Rows(set, threads);
        int[] present = [.. FitCheck.Labels(set).Index().Where(p => p.Item).Select(p => p.Index)];
        var standardisation = Standardise
            ? Standardisation.Of(set.Rows, set.Weights, scale: true, threads, cancellation).InSingle()
            : new Standardisation(new double[set.Width], [.. Enumerable.Repeat(1.0, set.Width)]);
        var classes = ClassMeans.Of(set, present, standardisation, threads, cancellation);
        var centroids = new Centroids(classes, standardisation, Distance);
        double temperature = Temperature ?? centroids.Temperature(set, threads, cancellation);
        return new HeadFit<IHead>(centroids.Head(temperature, present, set.Classes), new FitReport
        {
            Chosen = new Setting("Temperature", temperature),
            Seconds = clock.Elapsed.TotalSeconds,
            Rows = set.Count,
            Settings = new Dictionary<string, string> { ["distance"] = Distance.ToString().ToLower(CultureInfo.InvariantCulture) },
            Notes = [.. ClassesWithoutRows.Note(set, present)],
        });
    }
}
