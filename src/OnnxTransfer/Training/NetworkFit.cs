using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Inference;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Training;

/// <summary>
/// Trains a network by mini-batches: steps through all rows epoch by epoch, scores the validation rows after each, and keeps the
/// weights that were best there, or the last where there are none. The same call gives the same weights to the bit.
/// </summary>
internal static class NetworkFit
{
    // An epoch's mean loss so many times the loss before the first step means that the training diverges.
    private const double Exploded = 10;

    /// <summary>Trains until all epochs are run, or <see cref="TrainingSettings.Patience"/> is at its end.</summary>
    /// <param name="network">Its weights are where the training begins.</param>
    /// <param name="loss">
    /// What is made small, a weighted mean over the rows; <see cref="TrainingSettings.LabelSmoothing"/> is added to it while training.
    /// </param>
    /// <param name="train">The rows to learn from.</param>
    /// <param name="validation">The rows to score by, without label smoothing, in the order of their numbers and as of epoch 0; null: none.</param>
    /// <param name="settings">How.</param>
    /// <param name="progress">Is told of every step; null: nobody.</param>
    /// <param name="cancellation">Ends it between two steps with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="TrainingException">The network, the settings or the rows cannot be trained with, or no gradient can be made.</exception>
    /// <exception cref="DivergedException">The loss is not finite or has exploded; it carries the best weights before.</exception>
    /// <exception cref="InferenceException">ONNX Runtime failed.</exception>
    public static TrainedNetwork Run(
        TrainableNetwork network,
        GraphLoss loss,
        ITrainingRows train,
        ITrainingRows? validation,
        TrainingSettings settings,
        Action<TrainingProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        SettingsCheck.Check(settings, network, train, validation);
        cancellation.ThrowIfCancellationRequested();
        var clock = Stopwatch.StartNew();
        loss = settings.LabelSmoothing > 0 ? loss.Smoothed(settings.LabelSmoothing) : loss;
        using var steps = new NetworkSteps(network, loss, train, settings);
        var scored = validation is null ? null : new ValidationRun(validation, loss, steps.Width, steps.RowsAtOnce, settings);
        HostWeights last = HostWeights.For(steps.Session), best = HostWeights.For(steps.Session);
        var epochs = new List<EpochReport>();
        double first = double.NaN;
        int bestEpoch = -1;
        for (int epoch = 0; epoch < settings.Epochs && !(epoch - 1 - bestEpoch >= settings.Patience); epoch++)
        {
            var epochClock = Stopwatch.StartNew();
            double sum = 0;
            int rows = 0;
            steps.Begin(epoch);
            for (int step = 0; step < steps.PerEpoch; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                var (count, mean) = steps.Step(epoch, step);
                first = double.IsNaN(first) ? mean : first;
                (sum, rows) = (sum + (mean * count), rows + count);
                if (!double.IsFinite(mean))
                {
                    throw Diverged("loss", mean, epoch);
                }

                progress?.Invoke(new(epoch, settings.Epochs, rows, steps.RowsPerEpoch, sum / rows, epochs.Count > 0 ? epochs[^1].Validation : double.NaN));
            }

            double trained = sum / rows, seconds = epochClock.Elapsed.TotalSeconds;
            if (trained > Exploded * Math.Max(first, 0.1))
            {
                throw Diverged("loss", trained, epoch);
            }

            last.Read(steps.Session);
            double score = scored?.Loss(last.PutInto(network.Model), cancellation) ?? double.NaN;
            if (scored is not null && !double.IsFinite(score))
            {
                throw Diverged("validation loss", score, epoch);
            }

            epochs.Add(new(trained, score, steps.LastRate(epoch), seconds));
            if (scored is null || bestEpoch < 0 || score < epochs[bestEpoch].Validation)
            {
                (bestEpoch, best, last) = (epoch, last, best);
            }
        }

        return Result();

        TrainedNetwork Result() => new(best.PutInto(network.Model), epochs, bestEpoch, clock.Elapsed.TotalSeconds, []);

        DivergedException Diverged(string what, double found, int epoch) => new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{network.Model.Source}: the {what}, {first:g3} at first, is {found:g3} in epoch {epoch + 1}: the training diverges at LearningRate = {settings.LearningRate:g3}; "
                + $"expected a loss that falls: take a smaller LearningRate, for example {settings.LearningRate / 10:g3}, a schedule with WarmUp, or ClipNorm; ")
            + (bestEpoch < 0 ? "there was no good epoch before, so no weights are kept" : $"the weights of epoch {bestEpoch + 1} are kept"),
            bestEpoch < 0 ? null : Result());
    }
}
