using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Inference;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Training;

/// <summary>
/// Trains a network by mini-batches: steps through all rows epoch by epoch, scores the validation rows after each, and keeps the
/// weights that were best there, or the last where there are none. On a CPU the same call gives the same weights
/// to the bit, interrupted or not; a GPU adds in no fixed order.
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
    /// <param name="data">What decides the rows beside the first and the last, which are read: a checkpoint of other rows is refused.</param>
    /// <param name="cancellation">Ends it between two steps with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="TrainingException">
    /// The network, the settings, the rows or the checkpoint cannot be trained with, no gradient can be made, or memory is too small.
    /// </exception>
    /// <exception cref="DivergedException">The loss is not finite or has exploded; it carries the best weights before.</exception>
    /// <exception cref="InferenceException">ONNX Runtime failed.</exception>
    public static TrainedNetwork Run(
        TrainableNetwork network,
        GraphLoss loss,
        ITrainingRows train,
        ITrainingRows? validation,
        TrainingSettings settings,
        Action<TrainingProgress>? progress = null,
        string data = "",
        CancellationToken cancellation = default)
    {
        SettingsCheck.Check(settings, network, train, validation);
        cancellation.ThrowIfCancellationRequested();
        var clock = Stopwatch.StartNew();
        loss = settings.LabelSmoothing > 0 ? loss.Smoothed(settings.LabelSmoothing) : loss;
        var forward = ForwardGraph.Of(network, loss);
        using var steps = new NetworkSteps(network, forward, train, settings);
        var scored = validation is null ? null : new ValidationRun(validation, loss, forward.Width, steps.RowsAtOnce, settings);
        var checkpoint = settings.Checkpoint is { } file
            ? new Checkpoint(file, FitIdentity.Of(network, forward, steps.Graph, train, validation, settings, data), settings.Epochs)
            : null;
        var state = checkpoint?.Read(steps.Session) ?? new FitState(steps.Session);
        double before = state.Seconds;
        int resumed = state.Epochs.Count;
        while (!state.HasEnded(settings))
        {
            Epoch();
            checkpoint?.Write(state, before + clock.Elapsed.TotalSeconds, steps.Session);
        }

        return Result();

        void Epoch()
        {
            int epoch = state.Epochs.Count;
            var epochClock = Stopwatch.StartNew();
            double mean = Steps(epoch), seconds = epochClock.Elapsed.TotalSeconds;
            state.LastWeights.Read(steps.Session);
            if (!state.LastWeights.AreFinite)
            {
                throw Diverged("weights are no longer finite, and the loss", mean, epoch);
            }

            double score = Score();
            if (scored is not null && !double.IsFinite(score))
            {
                throw Diverged("validation loss", score, epoch);
            }

            state.Add(new(mean, score, steps.LastRate(epoch), seconds));
        }

        double Score()
        {
            try
            {
                return scored?.Loss(state.LastWeights.PutInto(network.Model), cancellation) ?? double.NaN;
            }
            catch (InferenceException e) when (StepMemory.IsShort(e))
            {
                throw steps.Short(e);
            }
        }

        // All steps of an epoch; returns their mean loss.
        double Steps(int epoch)
        {
            double sum = 0, score = epoch > 0 ? state.Epochs[^1].Validation : double.NaN;
            int rows = 0;
            steps.Begin(epoch);
            for (int step = 0; step < steps.PerEpoch; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                var (count, found) = steps.Step(epoch, step);
                state.FirstLoss = double.IsNaN(state.FirstLoss) ? found : state.FirstLoss;
                (sum, rows) = (sum + (found * count), rows + count);
                if (!double.IsFinite(found))
                {
                    throw Diverged("loss", found, epoch);
                }

                progress?.Invoke(new(epoch, settings.Epochs, rows, steps.RowsPerEpoch, sum / rows, score));
            }

            return sum / rows <= Exploded * Math.Max(state.FirstLoss, 0.1) ? sum / rows : throw Diverged("loss", sum / rows, epoch);
        }

        TrainedNetwork Result() => new(state.BestWeights.PutInto(network.Model), state.Epochs, state.Best, before + clock.Elapsed.TotalSeconds, [.. Notes()]);

        IEnumerable<string> Notes()
        {
            int run = state.Epochs.Count;
            return new[]
            {
                steps.Note,
                resumed > 0 ? $"went on after epoch {resumed}, from {settings.Checkpoint}" : null,
                run < settings.Epochs && state.HasEnded(settings)
                    ? $"stopped after epoch {run} of {settings.Epochs}: the validation loss was at its best after epoch {state.Best + 1} (Patience = {settings.Patience})"
                    : null,
                run > 1 && scored is not null && state.Best == settings.Epochs - 1 ? $"the last of {run} epochs was the best: more may be better" : null,
            }.OfType<string>();
        }

        DivergedException Diverged(string what, double found, int epoch) => new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{network.Model.Source}: the {what}, {state.FirstLoss:g3} at first, is {found:g3} in epoch {epoch + 1}: the training diverges at LearningRate = {settings.LearningRate:g3}; "
                + $"expected a loss that falls: take a smaller LearningRate, for example {settings.LearningRate / 10:g3}, a schedule with WarmUp, or ClipNorm{(settings.Checkpoint is null ? "" : ", and another Checkpoint file with it")}; ")
            + (state.Best < 0 ? "no epoch went well before, so no weights are kept" : $"the weights of epoch {state.Best + 1} are kept"),
            state.Best < 0 ? null : Result());
    }
}
