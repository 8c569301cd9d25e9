using System.Globalization;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training;

/// <summary>Refuses settings that no network can be trained with, before anything is loaded.</summary>
internal static class SettingsCheck
{
    /// <summary>Checks settings, trainable weights and numbers of rows.</summary>
    /// <exception cref="TrainingException">One makes no sense; the message tells all of its kind.</exception>
    public static void Check(TrainingSettings settings, TrainableNetwork network, ITrainingRows train, ITrainingRows? validation)
    {
        if (train.Count < 1 || validation is { Count: < 1 })
        {
            throw new TrainingException(
                $"{network.Model.Source}: {train.Count} rows to train on and {validation?.Count} to validate by; expected at least one of each, or no validation rows at all (null)");
        }

        if (settings.Epochs < 1 || settings.BatchSize < 1 || settings.MicroBatch < 0 || settings.Threads < 0 || settings.Device < 0 || settings.Patience is < 1)
        {
            throw new TrainingException(
                $"Epochs = {settings.Epochs}, BatchSize = {settings.BatchSize}, MicroBatch = {settings.MicroBatch}, Threads = {settings.Threads}, Device = {settings.Device}, Patience = {settings.Patience}; "
                + "expected Epochs, BatchSize and Patience of at least 1, Patience or null, MicroBatch, Threads and Device of at least 0");
        }

        if (!IsPositive(settings.LearningRate) || !(settings.WeightDecay >= 0 && double.IsFinite(settings.WeightDecay))
            || !(settings.LabelSmoothing is >= 0 and < 1) || (settings.ClipNorm is { } norm && !IsPositive(norm)))
        {
            throw new TrainingException(string.Create(
                CultureInfo.InvariantCulture,
                $"LearningRate = {settings.LearningRate}, WeightDecay = {settings.WeightDecay}, LabelSmoothing = {settings.LabelSmoothing}, ClipNorm = {settings.ClipNorm}; "
                + $"expected LearningRate and ClipNorm above 0, ClipNorm or null, WeightDecay of at least 0, LabelSmoothing of at least 0 and below 1"));
        }

        if ((settings.Optimizer.Fault ?? settings.Schedule.Fault) is { } fault)
        {
            throw new TrainingException(fault);
        }

        CheckWeights(network);
        CheckTypes(network);
        CheckShapes(network);
    }

    private static void CheckWeights(TrainableNetwork network)
    {
        if (network.Weights.Count == 0)
        {
            throw new TrainingException($"{network.Model.Source}: no weight is to be trained; expected at least one");
        }

        if (network.Weights.GroupBy(weight => weight.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new TrainingException($"{network.Model.Source}: the weight '{twice.Key}' is to be trained {twice.Count()} times; expected each at most once");
        }

        if (network.Weights.FirstOrDefault(weight => !(weight.Rate >= 0 && double.IsFinite(weight.Rate)) || !(weight.Decay >= 0 && double.IsFinite(weight.Decay))) is { } odd)
        {
            throw new TrainingException(string.Create(
                CultureInfo.InvariantCulture, $"{network.Model.Source}: the weight '{odd.Name}' has Rate = {odd.Rate}, Decay = {odd.Decay}; expected both of at least 0"));
        }
    }

    private static void CheckTypes(TrainableNetwork network)
    {
        var types = network.Model.Graph.Initializer.ToDictionary(weight => weight.Name, weight => (ElementType)weight.DataType, StringComparer.Ordinal);
        if (network.Weights.FirstOrDefault(weight => types.GetValueOrDefault(weight.Name, ElementType.Float) != ElementType.Float) is { } other)
        {
            throw new TrainingException(
                $"{network.Model.Source}: the weight '{other.Name}' is {types[other.Name].ToString().ToLowerInvariant()}; expected float: train the float32 network, and convert what came of it");
        }
    }

    private static void CheckShapes(TrainableNetwork network)
    {
        var single = network.Model.Graph.Initializer.FirstOrDefault(weight => weight.Dims.Count == 0 && network.Weights.Any(trained => trained.Name == weight.Name));
        if (single is not null)
        {
            throw new TrainingException($"{network.Model.Source}: the weight '{single.Name}' is a single number without dimensions; expected at least one dimension: leave it frozen, or give it the shape [1]");
        }
    }

    private static bool IsPositive(double value) => value > 0 && double.IsFinite(value);
}
